// The types of the library, made of what the OpenAPI document says.
import type { OPERATIONS } from "./operations.js";
import type { components, operations } from "./schema.js";

export type Task = components["schemas"]["Task"];
export type TaskFields = Partial<components["schemas"]["TaskChange"]>;
export type Operation = keyof typeof OPERATIONS & keyof operations;

type Path<N extends Operation> = (typeof OPERATIONS)[N]["path"];
type Names<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type Given<T> = [NonNullable<T>] extends [never] ? {} : NonNullable<T>;
type Query<O> = O extends { parameters: { query?: infer Q } } ? Given<Q> : {};
type Json<C> = C extends { content: { "application/json": infer B } }
  ? B
  : C extends { content: { "application/merge-patch+json": infer B } }
    ? B
    : {};
type File<C, F> = C extends { content: { "text/csv": string } | { "text/calendar": string } } ? F : never;
type Sent<C> = [File<C, Blob>] extends [never] ? Json<C> : { file: Blob | string };
type Body<O> = O extends { requestBody: infer B }
  ? Sent<B>
  : O extends { requestBody?: infer B }
    ? Partial<Json<Given<B>>>
    : {};
type Answer<C> = (C extends { content: { "application/json": infer B } } ? B : never) | File<C, string>;
type Success<R> = R extends { 200: infer A } ? Answer<A> : R extends { 201: infer A } ? Answer<A> : never;

/** Parameters of the path and of the query, and the fields of the body. */
export type Input<N extends Operation> = { [K in Names<Path<N>>]: string | number } &
  Query<operations[N]> &
  Body<operations[N]>;
export type Output<N extends Operation> = Success<operations[N]["responses"]>;

export interface ClientOptions {
  /** Where the service is; nothing where it is the page's own origin. */
  baseUrl?: string;
  /** The token, or what returns one; asked again when the service has refused what it returned. */
  token?: string | ((why: { refused: boolean }) => string | Promise<string>);
  /** How often a request is sent at most; 5 where nothing is said. */
  tries?: number;
  /** Milliseconds to wait at most before the next try; where it takes longer, it fails at once. */
  longestPause?: number;
  /** Milliseconds after which a request counts as lost. */
  timeout?: number;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface CallOptions {
  /** The `Idempotency-Key`; a random one where nothing is said. */
  key?: string;
  /** The revision that the task must have. */
  ifMatch?: number | string;
  signal?: AbortSignal;
  tries?: number;
  headers?: Record<string, string>;
}

type Call<N extends Operation> = {} extends Input<N>
  ? (input?: Input<N>, options?: CallOptions) => Promise<Output<N>>
  : (input: Input<N>, options?: CallOptions) => Promise<Output<N>>;

export type Client = { [N in Operation]: Call<N> } & {
  /** The whole answer, with its headers. */
  send<N extends Operation>(
    name: N,
    input?: Input<N>,
    options?: CallOptions,
  ): Promise<{ status: number; headers: Headers; data: Output<N> }>;
  /** All tasks that answer a question, page after page. */
  eachTask(question?: Input<"listTasks">, options?: CallOptions): AsyncGenerator<Task>;
};

/** A number that the service has given, or, until it has, a text that was made up here. */
export type TaskId = number | string;

/** Why the service said no. */
export interface Refusal {
  status: number;
  detail: string;
  errors: Record<string, string[]>;
}

/** The same fields were changed here and elsewhere; `mine` is what the service has now. */
export interface Conflict {
  id: TaskId;
  mine: Record<string, any>;
  theirs: Record<string, any>;
}

/** A task with the changes that were made here. */
export type LocalTask = Omit<Task, "id" | "revision"> & {
  id: TaskId;
  revision?: number;
  local?: { pending: number; refused?: Refusal; conflict?: Conflict };
};

export interface Change {
  seq: string;
  key: string;
  at: string;
  op: "create" | "change" | "delete" | "restore";
  id: TaskId;
  fields?: TaskFields;
  before?: Record<string, any>;
  revision?: number;
  refused?: Refusal;
  task?: LocalTask;
}

interface Records {
  tasks: Task;
  outbox: Change;
  conflicts: Conflict;
  meta: { name: string; value: any };
}
type Store = keyof Records;

/** What is changed together, or not at all. */
export interface Batch {
  clear?: Store[];
  put?: { [S in Store]?: Records[S][] };
  drop?: { [S in Store]?: any[] };
}

export interface Storage {
  /** Replicas whose storages have the same name share one copy. */
  name?: string;
  load(): Promise<{ [S in Store]: Records[S][] }>;
  save(batch: Batch): Promise<void>;
  destroy(): Promise<void>;
}

export interface Status {
  /** Whether the first copy is not complete yet. */
  loading: boolean;
  /** Whether the service could be reached when it was last tried. */
  online: boolean;
  /** Whether the token was refused, and there is no other. */
  signedOut: boolean;
  /** What else is wrong. */
  error: string | null;
  /** How many changes wait to be sent. */
  pending: number;
}

/** What was changed in both places; `mine` is null where the task was deleted here. */
export interface Clash {
  task: Task;
  mine: TaskFields | null;
  theirs: Record<string, any>;
  before: Record<string, any>;
}

export interface ReplicaOptions {
  client: Client;
  storage?: Storage;
  /** Decides: the fields to send; null: give up what was done here; undefined: one's own fields win. */
  onConflict?: (clash: Clash) => TaskFields | null | undefined | Promise<TaskFields | null | undefined>;
  /** Whether to stay in step by itself; else `sync()` does. */
  live?: boolean;
  /** Seconds that a request for changes waits for one. */
  wait?: number;
}

export interface Replica {
  /** When the copy at hand is loaded. */
  ready: Promise<void>;
  /** Newest first, with the changes that were made here; the same array until something changes. */
  readonly tasks: LocalTask[];
  readonly trash: LocalTask[];
  readonly status: Status;
  get(id: TaskId): LocalTask | undefined;
  /** A text that stays the same when a new task is given its number. */
  keyOf(id: TaskId): string;
  subscribe(subscriber: () => void): () => void;
  create(fields: TaskFields & { title: string }): TaskId;
  change(id: TaskId, fields: TaskFields): void;
  remove(id: TaskId): void;
  restore(id: TaskId): void;
  /** Send again what was refused; where the task is gone, it is created anew. */
  retry(id: TaskId): void;
  /** Give up what was refused. */
  discard(id: TaskId): void;
  settle(id: TaskId, choice: "mine" | "theirs"): void;
  /** When all that was changed so far is in the storage. */
  saved(): Promise<void>;
  /** Try again now. */
  wake(): void;
  /** Send all there is to send, and fetch all there is to fetch. */
  sync(): Promise<void>;
  stop(): void;
}
