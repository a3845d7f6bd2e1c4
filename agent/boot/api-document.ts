// Every surface with its description, and the document made of them. Loaded when the document is first asked for, and
// by what is generated from it: there the rows are as they are before anything is wired.

import { version } from '../generated/version';
import type { SurfaceApi } from '../http/operation';
import { monitoringApi } from '../surfaces/monitoring/operations';
import { monitoringRoutes } from '../surfaces/monitoring/routes/monitoring';
import { octaviaV01Routes } from '../surfaces/octavia-v0.1';
import { octaviaV01Api } from '../surfaces/octavia-v0.1/operations';
import { octaviaV10Routes } from '../surfaces/octavia-v1.0';
import { octaviaV10Api } from '../surfaces/octavia-v1.0/operations';
import { buildDocument, type ApiDocument, type Row } from '../surfaces/openapi/document';
import { openapiApi } from '../surfaces/openapi/operations';
import { documentRoutes } from '../surfaces/openapi/routes/document';
import { runtimeV1Routes } from '../surfaces/runtime-v1';
import { runtimeV1Api } from '../surfaces/runtime-v1/operations';

/** The descriptions, in the order in which the document has them. */
export const surfaceApis: readonly SurfaceApi[] = [
  octaviaV01Api,
  octaviaV10Api,
  runtimeV1Api,
  monitoringApi,
  openapiApi,
];

/** Builds the document of these rows. */
export function documentOf(rows: readonly Row[]): ApiDocument {
  return buildDocument({ version, surfaces: surfaceApis, rows });
}

// `never`: each table has its own dependencies, and none gets any here.
const tables: readonly ((deps: never) => readonly Row[])[] = [
  octaviaV01Routes,
  octaviaV10Routes,
  runtimeV1Routes,
  monitoringRoutes,
  documentRoutes,
];
const unwired = {} as never;

/** Lists the rows of all surfaces. Nothing that they act upon is touched before a request comes. */
export function tableRows(): readonly Row[] {
  return tables.flatMap((make) => make(unwired));
}
