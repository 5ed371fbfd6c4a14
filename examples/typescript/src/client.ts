/**
 * A typed client in a page: openapi-fetch, the types that openapi-typescript makes of the document, and the three things
 * every client of this API wants: a token, retries that are safe, and pages read to their end.
 */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Schemas = components["schemas"];
export type Leadwright = Client<paths, "application/json">;
type Fetch = (request: Request) => Promise<Response>;

/** A refusal (RFC 9457). `code` is stable and for programs; texts are for people. */
export class Refused extends Error {
  readonly problem: Schemas["Problem"];
  constructor(problem: Schemas["Problem"]) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

/** The client. `fetch` is what sends; another one is given by tests and by whoever sits behind a proxy. */
export function connect(url: string, token?: string, send: Fetch = fetch): Leadwright {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return createClient<paths, "application/json">({ baseUrl: url, headers, fetch: (request) => insistently(request, send) });
}

/** The client of one of the platform's operators, at work in a tenant. */
export function connectOperator(url: string, key: string, tenant: string): Leadwright {
  const headers = { Authorization: `Bearer ${key}`, "X-Tenant-Id": tenant };
  return createClient<paths, "application/json">({ baseUrl: url, headers, fetch: (request) => insistently(request, fetch) });
}

/**
 * Sends until there is an answer worth having. A POST gets an `Idempotency-Key`, so that however often it is sent, it
 * happens once; that is what makes it safe to repeat when nobody knows whether the first one arrived.
 */
async function insistently(request: Request, send: Fetch): Promise<Response> {
  if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
    request.headers.set("Idempotency-Key", crypto.randomUUID());
  }
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === 4;
    try {
      const response = await send(request.clone());
      if (isLast || (response.status !== 429 && response.status !== 503)) return response;
      const seconds = Number(response.headers.get("Retry-After") ?? attempt);
      await pause(Math.min(seconds, 30) * 1000);
    } catch (error) {
      if (isLast) throw error;
      await pause(200 * 2 ** attempt);
    }
  }
}

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** The answer's body; a refusal is thrown. */
export async function body<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (data !== undefined) return data;
  if (isProblem(error)) throw new Refused(error);
  throw new Error(`${response.url} answered ${response.status}`);
}

function isProblem(error: unknown): error is Schemas["Problem"] {
  return typeof error === "object" && error !== null && "code" in error;
}

interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** Every entry of a list, fetched page by page as they are asked for. */
export async function* all<T>(page: (cursor: { cursor?: string }) => Promise<Page<T>>): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const { data, next_cursor } = await page(cursor ? { cursor } : {});
    yield* data;
    cursor = next_cursor;
  } while (cursor);
}
