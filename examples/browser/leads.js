// Leads as they arrive, in a page that is served from anywhere.
//
// The server must know the page's origin (LEADWRIGHT_CORS_ORIGINS). Nothing is kept in the browser: no cookie, no storage.
// The access token lives as long as the page; when it expires, the refresh token is exchanged for new ones, once.

const element = (selector) => document.querySelector(selector);
const [login, problem, main, rows] = ["#login", "#problem", "main", "tbody"].map(element);
const EVERY_MILLISECONDS = 1000;

let server = "";
let tokens = null;
let poll = 0;
const shown = new Set();

class Refused extends Error {}

async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (tokens) headers.Authorization = `Bearer ${tokens.access_token}`;
  const answer = await fetch(server + path, { method, headers, body: body && JSON.stringify(body), credentials: "omit" });
  if (answer.status === 204) return null;
  const read = await answer.json();
  if (answer.ok) return read;
  if (answer.status === 401 && tokens?.refresh_token) {
    const { refresh_token } = tokens;
    tokens = null;
    tokens = await call("POST", "/v1/auth/refresh", { refresh_token });
    return call(method, path, body);
  }
  // The request's id is what support asks for; a page on another origin may read it.
  throw new Refused(`${read.detail} (${answer.headers.get("X-Request-Id")})`);
}

function show(lead) {
  const row = document.createElement("tr");
  row.dataset.id = lead.id;
  row.className = "new";
  const received = new Date(lead.received_at).toLocaleTimeString();
  for (const value of [received, lead.name, lead.phone ?? "", lead.source, `${lead.score} (${lead.grade})`]) {
    // As text: a lead's name is what a stranger typed.
    row.insertCell().textContent = value;
  }
  rows.prepend(row);
}

async function look() {
  try {
    const page = await call("GET", "/v1/leads?sort=-created_at&limit=50");
    for (const lead of page.data.reverse()) {
      if (shown.has(lead.id)) continue;
      shown.add(lead.id);
      show(lead);
    }
    element("#count").textContent = shown.size;
    tell("");
  } catch (error) {
    tell(error);
  }
  if (tokens) poll = setTimeout(look, EVERY_MILLISECONDS);
}

function tell(what) {
  if (what instanceof Refused) problem.textContent = what.message;
  else if (what) problem.textContent = "The server cannot be reached, or does not know this page's origin.";
  else problem.textContent = "";
}

function leave() {
  clearTimeout(poll);
  tokens = null;
  shown.clear();
  rows.replaceChildren();
  main.hidden = true;
  login.hidden = false;
}

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(login));
  server = given.server.replace(/\/$/, "");
  try {
    tokens = await call("POST", "/v1/auth/login", { email: given.email, password: given.password });
  } catch (error) {
    tell(error);
    return;
  }
  element("#tenant").textContent = tokens.tenant.name;
  login.hidden = true;
  main.hidden = false;
  login.elements.password.value = "";
  await look();
});

element("#logout").addEventListener("click", async () => {
  await call("POST", "/v1/auth/logout").catch(tell);
  leave();
});
