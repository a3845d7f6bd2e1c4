// What is tried, in order; each step stands on those before it.
import { bootSteps } from './boot-steps.mjs';
import { lifeSteps } from './life-steps.mjs';
import { octaviaSteps } from './octavia-steps.mjs';
import { trafficSteps } from './traffic-steps.mjs';

/** Pairs of a title and what is done. */
export const steps = [...bootSteps, ...trafficSteps, ...lifeSteps, ...octaviaSteps];
