/** Small sums over lists, as Python does them. */

/** `value` within `low`..1; 0 for what is no number. */
export function bounded(value: number, low: number): number {
  return Number.isFinite(value) ? Math.max(low, Math.min(1, value)) : 0;
}

/** The place of the largest value, the first of equal ones. */
export function largest(values: readonly number[]): number {
  return values.reduce((best, value, place) => (value > (values[best] ?? -Infinity) ? place : best), 0);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean; 0 of nothing. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** The standard deviation of the values themselves; 0 of nothing. */
export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** To the nearest whole number, and from the middle to the even one, as Python rounds. */
export function even(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}
