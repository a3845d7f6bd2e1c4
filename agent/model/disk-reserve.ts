// How much stays free on the disk of base_path: what the agent must write to stop, delete and record has to fit.
// Source: DESIGN "Server identity and connections", limits on volume.

export const diskReserveKb = 16 * 1024;
