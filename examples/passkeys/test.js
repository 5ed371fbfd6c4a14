/**
 * The page in a real browser, with devices that Chromium plays (WebAuthn of its DevTools protocol).
 *
 *     LEADWRIGHT_SANDBOX=true LEADWRIGHT_APP_URL=http://dashboard.localhost LEADWRIGHT_CORS_ORIGINS=http://dashboard.localhost cargo run -- serve
 *     npm ci && npm test
 *
 * `LEADWRIGHT_URL` is the server, `CHROMIUM` the browser's program. Passkeys take https, or a name below localhost; the browser takes that
 * name for the little server in here.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const api = process.env.LEADWRIGHT_URL ?? "http://127.0.0.1:8080";
const origin = "http://dashboard.localhost";
const run = Math.floor(Math.random() * 1e8);
const owner = { email: `owner.${run}.passkeys@example.com`, password: "monsoon terrace 42 lanterns", business_name: "Keyless Estates" };

const pages = createServer(async (_, response) => {
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  response.end(await readFile(new URL("index.html", import.meta.url)));
});
await new Promise((done) => pages.listen(0, "127.0.0.1", done));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // A container's root has no sandbox to offer, and only pages of our own are opened.
  args: ["--no-sandbox", `--host-resolver-rules=MAP dashboard.localhost:80 127.0.0.1:${pages.address().port}`],
});

try {
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable", { enableUI: false });
  /** A device whose holder touches it at once and shows who they are. */
  const device = async (transport) => {
    const options = { protocol: "ctap2", transport, hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
    return (await cdp.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
  };
  const kept = async (authenticatorId) => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;

  /** What the page says after it has done something: nothing, where it went well. */
  const done = async (action) => {
    const before = await page.evaluate(() => Number(document.body.dataset.done ?? 0));
    await action();
    await page.waitForFunction((before) => Number(document.body.dataset.done ?? 0) > before, before, { polling: 100 });
    return page.textContent("#problem");
  };
  const press = (selector) => done(() => page.click(selector));
  const well = async (selector) => assert.equal(await press(selector), "");

  await page.goto(`${origin}/?server=${api}`);
  for (const [name, value] of Object.entries(owner)) await page.fill(`#door [name=${name}]`, value);
  await well("#door [value=signup]");
  const phone = await device("internal");
  await page.fill("#add [name=name]", "Phone");
  await page.fill("#add [name=password]", owner.password);
  await well("#add [value=password]");
  const codes = (await page.textContent("#codes")).split("\n");
  assert.equal(codes.length, 10);
  console.log("A passkey is added, and ten recovery codes are shown");

  assert.equal(await press("#add [value=passkey]"), "This device has a passkey already.");
  await page.fill("#passkeys input", "Old phone");
  await well("#passkeys button:text('Rename')");
  assert.equal(await page.inputValue("#passkeys input"), "Old phone");

  await well("#logout");
  await well("#door [value=passkey]");
  assert.equal(await page.textContent("#who"), owner.email);
  console.log("It logs in by itself");

  await well("#logout");
  await well("#door [value=login]");
  assert.ok(await page.isVisible("#second"), "the password alone does not let in");
  await well("#second [value=passkey]");
  await well("#logout");
  await well("#door [value=login]");
  await page.fill("#second [name=code]", codes[0]);
  await well("#second [value=code]");
  console.log("After the password it is the second factor, and so is a recovery code");

  assert.match(await press("#passkeys button:text('Remove')"), /\/v1\/me\/second-factor\/removal/);
  // Another device, while nobody touches the first: the password proves it, with a code, as there is a second factor.
  await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: phone, enabled: false });
  const key = await device("usb");
  await page.fill("#add [name=name]", "Security key");
  await page.fill("#add [name=password]", owner.password);
  await page.fill("#add [name=code]", codes[1]);
  await well("#add [value=password]");
  await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: phone, enabled: true });
  assert.equal(await page.locator("#passkeys li").count(), 2);
  assert.deepEqual([(await kept(phone)).length, (await kept(key)).length], [1, 1]);
  console.log("A second device is added");

  // Newest first: the phone's is removed, and gone from the phone once that is told which are left.
  await well("#passkeys li:last-child button:text('Remove')");
  assert.equal(await page.inputValue("#passkeys input"), "Security key");
  for (let attempt = 0; attempt < 50 && (await kept(phone)).length > 0; attempt++) await page.waitForTimeout(100);
  assert.deepEqual([(await kept(phone)).length, (await kept(key)).length], [0, 1]);
  console.log("One is removed, and the device forgets it");
  await well("#logout");
  await well("#door [value=passkey]");

  // Lost, cancelled, or nobody's.
  await well("#logout");
  for (const one of [phone, key]) await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: one });
  const locked = await device("internal");
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId: locked, isUserVerified: false });
  assert.equal(await press("#door [value=passkey]"), "No passkey was used.");
  console.log("Whoever cancels, or has none, is told so");
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
  pages.close();
}
