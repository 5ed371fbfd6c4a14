/**
 * The page in a real browser, served from another origin than the API.
 *
 *     LEADWRIGHT_SANDBOX=true LEADWRIGHT_CORS_ORIGINS=http://dashboard.example.test cargo run -- serve
 *     npm ci && npm test
 *
 * `LEADWRIGHT_URL` is the server, `CHROMIUM` the browser's program. The browser takes every name below example.test for the
 * little server in here, so the page has an origin that the API knows, and one that it does not.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const api = process.env.LEADWRIGHT_URL ?? "http://127.0.0.1:8080";
const run = Math.floor(Math.random() * 1e8);
const owner = { email: `owner.${run}.browser@example.com`, password: "saffron window 27 ferry" };
const files = { "/": ["index.html", "text/html; charset=utf-8"], "/leads.js": ["leads.js", "text/javascript; charset=utf-8"] };

const pages = createServer(async (request, response) => {
  const found = files[new URL(request.url, "http://page").pathname];
  if (!found) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": found[1] }).end(await readFile(new URL(found[0], import.meta.url)));
});
await new Promise((done) => pages.listen(0, "127.0.0.1", done));

async function post(path, body, token) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(api + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path} answered ${answer.status}`);
  return answer.json();
}

async function logIn(page) {
  await page.fill("[name=server]", api);
  await page.fill("[name=email]", owner.email);
  await page.fill("[name=password]", owner.password);
  await page.click("#login button");
}

const { access_token } = await post("/v1/auth/signup", { ...owner, business_name: "Browser Estates" });
// A trial gives nothing away before the mailed link is opened; the twin of the mailbox does so.
for (let attempt = 0; attempt < 150; attempt++) {
  const me = await fetch(`${api}/v1/me`, { headers: { Authorization: `Bearer ${access_token}` } });
  if ((await me.json()).user.email_verified_at) break;
  await new Promise((done) => setTimeout(done, 200));
}
await post("/v1/subscriptions", { plan_code: "growth" }, access_token);
await post("/v1/leads", { name: "Asha Rao", email: `asha.${run}@example.com` }, access_token);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // A container's root has no sandbox to offer, and only pages of our own are opened.
  args: ["--no-sandbox", `--host-resolver-rules=MAP *.example.test 127.0.0.1:${pages.address().port}`],
});
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  // Browsers ask for a picture by themselves.
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));

  await page.goto("http://dashboard.example.test/");
  await logIn(page);
  await page.getByRole("cell", { name: "Asha Rao", exact: true }).waitFor();
  console.log("Logged in from http://dashboard.example.test and sees the lead that was there");

  // What a stranger types into a form is shown, not run.
  const name = "Kabir <img src=x onerror=alert(1)>";
  await post("/v1/leads", { name, email: `kabir.${run}@example.com` }, access_token);
  await page.getByRole("cell", { name, exact: true }).waitFor();
  assert.equal(await page.textContent("#count"), "2");
  console.log("A new lead appears without a reload");

  assert.deepEqual(await context.cookies(), [], "tokens only, no cookie");
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  assert.deepEqual(complaints, []);

  await page.click("#logout");
  await page.waitForSelector("#login:not([hidden])");
  await page.fill("[name=email]", owner.email);
  await page.fill("[name=password]", "not the password at all");
  await page.click("#login button");
  await page.waitForFunction(() => /\(.+-.+\)$/.test(document.querySelector("#problem").textContent));
  console.log(`Refused, and told why: ${await page.textContent("#problem")}`);

  await page.goto("http://elsewhere.example.test/");
  await logIn(page);
  await page.waitForFunction(() => document.querySelector("#problem").textContent.includes("origin"));
  assert.equal(await page.locator("main").isVisible(), false);
  console.log("A page of an unknown origin gets nothing");

  // The server's own pages ask no other host for anything, and complain of nothing.
  const asked = [];
  page.on("request", (request) => /^https?:/.test(request.url()) && !request.url().startsWith(api) && asked.push(request.url()));
  complaints.length = 0;
  await page.goto(`${api}/docs`);
  const shown = page.locator(".opblock-summary:visible, .opblock-tag:visible");
  for (const [sought, tag, webhooks] of [["LEAD note", "Leads", 0], ["/v1/leads/counts", "Leads", 0], ["api keys", "API keys", 0], ["lead.created", null, 1]]) {
    await page.fill(".operation-filter-input", sought);
    await page.waitForFunction(([tag, webhooks]) => {
      const tags = [...document.querySelectorAll(".opblock-tag")].map((one) => one.textContent);
      return (tag ? tags.some((one) => one.startsWith(tag)) : tags.length === 0) && document.querySelectorAll(".webhooks .opblock").length >= webhooks;
    }, [tag, webhooks]);
  }
  assert.ok((await shown.count()) < 20, "what was not sought is gone");
  await page.click("text=The reference");
  await page.getByText("openapi-fetch").first().waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual([asked, complaints], [[], []]);
  console.log("The documentation finds what is sought, and asks nobody else for anything");
} finally {
  await browser.close();
  pages.close();
}
