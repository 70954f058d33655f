/** Which of several objects a run's messages go to: always the same one, so that they stay in order. */
export function toPartition(id: string, count: number): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 65_521;
  return sum % count;
}

/** No object hands out fewer permits than these, unless there are fewer: too small a share is often full while others are free. */
const permitsMin = 8;

export const countLanes = (callsMax: number): number =>
  Math.max(1, Math.floor(callsMax / permitsMin));

/** How many of a participant's permits are those of one of its lanes. */
export function toShare(callsMax: number, index: number): number {
  const lanes = countLanes(callsMax);
  return Math.floor(callsMax / lanes) + (index < callsMax % lanes ? 1 : 0);
}

export const nameLane = (participant: string, index: number): string => `${participant}/${index}`;

export const findLane = (participant: string, id: string, callsMax: number): string =>
  nameLane(participant, toPartition(id, countLanes(callsMax)));

export function readLaneName(name: string) {
  const at = name.lastIndexOf('/');
  return { participant: name.slice(0, at), index: Number(name.slice(at + 1)) };
}
