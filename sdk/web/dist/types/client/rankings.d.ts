/** Ranking and what came of it: the same endpoint with and without consent. The twin of `mien/client/rankings.py`. */
import type { Offer, Ranking } from "../values.ts";
import { type Desk } from "./desk.ts";
/** What to rank: `candidates`, or the site's catalogue. */
export interface Asked {
    readonly page?: string;
    readonly places?: number;
    readonly candidates?: readonly Offer[];
}
export declare class Rankings {
    #private;
    constructor(desk: Desk);
    /** Offers in order. Throws a `SendError`, or `RequestInvalid` for what cannot be asked. */
    rank(asked: Asked): Promise<Ranking>;
    /** Tell what came of a ranking: `reward` 0..100 for the offer at `place`. */
    reward(event: string, place: number, reward: number): Promise<void>;
}
