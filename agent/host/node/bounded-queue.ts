// A queue that would rather lose what comes than grow: whoever writes a log line must neither wait nor fill
// the memory of a small amphora. What is refused is counted, so that the gap can be told.

export interface BoundedQueue<Item> {
  /** Adds at the end; when full, counts a drop and returns false. */
  push(item: Item): boolean;
  /** Takes the oldest; undefined when empty. */
  shift(): Item | undefined;
  size(): number;
  /** Counts what was refused since the last `takeDropped`. */
  dropped(): number;
  /** Reads the count of refused items and starts it anew. */
  takeDropped(): number;
}

/** Makes an empty queue that holds at most `capacity` items. */
export function createBoundedQueue<Item>(capacity: number): BoundedQueue<Item> {
  const items: Item[] = [];
  let dropped = 0;
  return {
    push: (item) => {
      if (items.length >= capacity) {
        dropped += 1;
        return false;
      }
      items.push(item);
      return true;
    },
    shift: () => items.shift(),
    size: () => items.length,
    dropped: () => dropped,
    takeDropped: () => {
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}
