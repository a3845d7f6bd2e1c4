// The metrics that the agent counts while things happen. Every label has a closed set of values, but `load_balancer`,
// which has those that exist. docs/metrics.md describes them; a test holds the page against this table.

import { counter, histogram } from './metric';

// From a kept answer to a configuration that haproxy takes a minute to check.
const answerBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const activationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const lagBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export const countedMetrics = {
  amphorad_requests_total: counter(
    'Requests answered, by the API that did, method and class of status.',
    'surface',
    'method',
    'status',
  ),
  amphorad_request_duration_seconds: histogram(
    'Time from the head of a request to the end of its answer.',
    answerBuckets,
    'surface',
  ),
  amphorad_uploads_total: counter(
    'Configurations uploaded: accepted, or refused with the kind of error.',
    'program',
    'result',
  ),
  amphorad_activations_total: counter(
    'Starts and reloads that clients asked for: done, or the kind of error; and how a living haproxy came to follow.',
    'program',
    'action',
    'result',
    'outcome',
  ),
  amphorad_activation_duration_seconds: histogram(
    'Time that starts and reloads took, those that failed included.',
    activationBuckets,
    'program',
    'action',
  ),
  amphorad_load_balancer_reloads_total: counter(
    'Reloads of a load balancer that were done since the agent started, each with a new worker; calls that shared one count once.',
    'load_balancer',
  ),
  amphorad_restores_total: counter(
    'Load balancers found at the start of the agent: adopted as they ran, started, left alone, or the kind of error.',
    'result',
  ),
  amphorad_restarts_total: counter(
    'Attempts to bring back a process that ended or hung though it should run.',
    'program',
  ),
  amphorad_event_loop_lag_seconds: histogram(
    'How late a timer of the agent ran, looked at twice a second.',
    lagBuckets,
  ),
} as const;
