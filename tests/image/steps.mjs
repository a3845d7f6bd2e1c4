// What is tried, in order; each step stands on those before it.
import { bootSteps } from './boot-steps.mjs';

/** Pairs of a title and what is done. */
export const steps = [...bootSteps];
