// Waits for the world without a fixed sleep: an expectation is tried again until it holds or the deadline is over.

/** Tries `expectation` every 5 ms until it passes; after `deadlineMs` its last failure is thrown. */
export async function eventually(
  expectation: () => void | Promise<void>,
  deadlineMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      await expectation();
      return;
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
