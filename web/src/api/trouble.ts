// Trouble: why a call came to nothing, in the API's own words.

export class Trouble extends Error {
  constructor(
    /** The HTTP status; 0: no answer came. */
    readonly status: number,
    message: string,
    /** The field that is to blame, where the API names one, and the byte in it. */
    readonly field: string | null = null,
    readonly position: number | null = null,
    /** What the answer has besides: of a 409 what is there now. */
    readonly data: unknown = undefined,
  ) {
    super(message);
  }

  get signedOut(): boolean {
    return this.status === 401;
  }
}

type Refusal = { message?: unknown; field?: unknown; position?: unknown; data?: unknown };

export function troubleOf(status: number, body: unknown): Trouble {
  const refusal = (typeof body === "object" && body !== null ? body : {}) as Refusal;
  const message = typeof refusal.message === "string" ? refusal.message : `HTTP ${status}`;
  const field = typeof refusal.field === "string" ? refusal.field : fieldNamedBy(message);
  return new Trouble(status, message, field, typeof refusal.position === "number" ? refusal.position : null, refusal.data);
}

/** A 400 begins with the name of its field ("status is none of …"). */
export function fieldNamedBy(message: string): string | null {
  return /^([a-z][a-zA-Z0-9_.[\]]*):? /.exec(message)?.[1] ?? null;
}
