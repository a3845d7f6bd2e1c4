// How a surface describes its rows: the half of the OpenAPI document that the tables of routes do not hold. Data alone,
// loaded when somebody asks for the document. Source: OpenAPI 3.1.1, "Operation Object"; JSON Schema 2020-12.

/** A JSON Schema, a plain literal. `{ $ref: '#/components/schemas/Name' }` names one of `SurfaceApi.schemas`, of any surface. */
export type Schema = Readonly<Record<string, unknown>>;

/** Where in a request a parameter stands is where it is listed: `path`, `query` or `headers` of an operation. */
export interface Parameter {
  readonly description: string;
  readonly schema: Schema;
  /** As it stands in the request of the example. Required for parameters of the path; others without one are left out there. */
  readonly example?: string;
}

export type MediaType =
  | 'application/json'
  | 'text/plain'
  | 'application/x-pem-file'
  | 'text/event-stream'
  | 'application/openmetrics-text';

export interface RequestBody {
  readonly description?: string;
  readonly mediaType: MediaType;
  /** Of a JSON body: what it must be like. Text is a string without one. */
  readonly schema?: Schema;
  /** A value where the body is JSON, else its text. */
  readonly example: unknown;
  /** True: the row works without a body. */
  readonly optional?: boolean;
}

export interface Answer {
  readonly description: string;
  /** JSON where nothing is said. */
  readonly mediaType?: MediaType;
  /** Of a JSON body. */
  readonly schema?: Schema;
  /** A value where the body is JSON, else its text. */
  readonly example?: unknown;
  /** More of the same kind, where one does not show all. */
  readonly otherExamples?: readonly unknown[];
  /** Headers by name, each with what it says. */
  readonly headers?: Readonly<Record<string, string>>;
  /** True: it goes on until the client leaves. */
  readonly endless?: boolean;
}

export type Answers = Readonly<Record<number, Answer>>;

export interface Operation {
  /** Unique over all surfaces; the method of the typed client: `getV01Info`. */
  readonly id: string;
  /** The chapter it stands in: `Listeners`. */
  readonly tag: string;
  /** A few words without a period, which begin with a verb. */
  readonly summary: string;
  /** All that a caller should know, in CommonMark. */
  readonly description?: string;
  readonly path?: Readonly<Record<string, Parameter>>;
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly headers?: Readonly<Record<string, Parameter>>;
  readonly body?: RequestBody;
  /** What may be answered, by status, beside what every row of the surface may answer. */
  readonly answers: Answers;
  /** The status that the request of the example gets; the lowest one where nothing is said. */
  readonly exampleStatus?: number;
}

/** By row, method and path as the table of routes has them: `PUT /v0.1/listeners/:listener/:action`. */
export type Operations = Readonly<Record<string, Operation>>;

export interface SurfaceApi {
  /** As the surface's directory is called. */
  readonly name: string;
  readonly title: string;
  /** What holds for all its rows, in CommonMark. */
  readonly description: string;
  /** The chapters in order, each with what holds for all rows in it. */
  readonly tags: Readonly<Record<string, string>>;
  readonly operations: Operations;
  /** How else than with a client certificate it can be called, on a listener of its own. */
  readonly otherSecurity?: 'bearer' | 'none';
  /** What every row may answer. */
  readonly commonAnswers: Answers;
  /** What every row that is not a GET may answer, too. */
  readonly changeAnswers?: Answers;
  /** By name, unique over all surfaces. */
  readonly schemas: Readonly<Record<string, Schema>>;
}
