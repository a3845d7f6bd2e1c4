// The seam to what this process costs: its memory, its CPU time, and how busy its event loop is.

export interface VitalSigns {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** CPU time since the process began. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** How long the event loop did anything but wait, since it began. */
  readonly busySeconds: number;
}

export interface Vitals {
  /** The version of what runs this process. */
  runtimeVersion(): string;
  /** Reads them: some 10 µs. */
  read(): VitalSigns;
}
