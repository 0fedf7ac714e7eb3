/** The core of one frame: what `views` may ask for, done in order. */

import type { ConsentWord, Hello, Language, Situation, Theme, ViewName } from "../channel/index.ts";
import type { Answer, Client, Standing } from "../client/index.ts";
import { MienError, NoticeStale } from "../errors.ts";
import { LABEL_PURPOSES } from "../label/index.ts";
import type { Moment } from "../label/reading.ts";
import { type Expression, type Label, PURPOSES, type Purpose, type Ranking } from "../values.ts";
import type { Certificate, Receipt } from "../wire/messages.ts";
import type { Notice } from "../wire/notice.ts";
import type { Camera, Core, Refused, Said, SiteInfo } from "./core.ts";
import type { FrameDocument } from "./document.ts";
import { FarCamera, NearCamera, type OpenVision } from "./looking.ts";
import { type Mark, readMark, writeMark } from "./mark.ts";
import { fetchNotice } from "./notices.ts";
import type { Line } from "./port.ts";
import { Presses } from "./presses.ts";
import { Tabs } from "./tabs.ts";

/** Milliseconds that another frame has to tell the last order. */
const ANSWER = 500;
/** Milliseconds after which a change that is being told to the server is in force here. */
const SOON = 50;
/** Milliseconds until what waits for the server is tried again: at first, and at most. */
const RETRY = { first: 5000, most: 300_000 };

/** What a frame is made of. `open` makes the client: it is loaded when there is somebody, or is to be. */
export interface Parts {
  readonly document: FrameDocument;
  readonly server: string;
  readonly line: Line;
  readonly root: HTMLElement;
  readonly open: () => Promise<Client>;
  readonly vision: OpenVision | null;
}

export class Held implements Core {
  readonly site: SiteInfo;
  readonly asked: Situation;
  readonly gpc = (navigator as Navigator & { readonly globalPrivacyControl?: boolean }).globalPrivacyControl === true;
  readonly camera: Camera;
  lang: Language;
  theme: Theme;
  readonly #parts: Parts;
  readonly #hello: Hello;
  readonly #tabs: Tabs;
  readonly #presses: Presses;
  readonly #listeners = new Set<() => void>();
  readonly #near: NearCamera | null;
  #mark: Mark;
  /** The person chose the language themselves. */
  #spoken = false;
  #client: Promise<Client> | null = null;
  #opened: Client | null = null;
  #standing: Standing | null = null;
  #ranking: Ranking | null = null;
  #begun: Promise<void> | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pause = RETRY.first;

  constructor(parts: Parts) {
    const { document: { site }, line: { hello } } = parts;
    this.#parts = parts;
    this.#hello = hello;
    this.site = site;
    this.asked = hello.asked;
    this.lang = hello.lang;
    this.theme = hello.theme;
    this.#tabs = new Tabs(site.id);
    this.#presses = new Presses(parts.root, () => this.lang);
    this.#mark = readMark(site.id);
    this.#near = hello.view === "indicator" ? new NearCamera(this.#looking()) : null;
    this.camera = this.#near ?? new FarCamera(this.#looking());
    this.#hear();
  }

  #looking(): ConstructorParameters<typeof NearCamera>[0] {
    const { document: { vision: files }, server, root, vision } = this.#parts;
    return {
      root, files, vision, tabs: this.#tabs, page: this.#hello.page, base: `${server}/web/`, client: () => this.client(),
      person: (press) => this.person(press), changed: () => this.#notify(),
    };
  }

  #hear(): void {
    const { page } = this.#hello;
    addEventListener("online", () => this.#carry());
    this.#tabs.hear((word) => {
      if (word.kind === "changed") void this.#look();
      if (word.kind === "speak" && word.page === page) this.#speaks(word.lang);
      if (word.kind === "ranking?" && word.page === page && this.#near !== null) this.#tabs.say({ kind: "ranking", page, ranking: this.#ranking });
    });
  }

  // ---- the frame's own ----
  /** What is known of the person is loaded where somebody is known, and nothing where nobody is. Once; whoever must know waits for it. */
  begin(): Promise<void> {
    this.#begun ??= this.#mark === "known" ? this.#look().then(() => this.#carry()) : Promise.resolve();
    this.#begun.catch(() => { this.#begun = null; }); // the next one tries again
    return this.#begun;
  }

  /** Another theme, or language, of the page: the language that the person chose stays. */
  dress(lang: Language, theme: Theme): void {
    this.theme = theme;
    this.#turn(this.#spoken ? this.lang : lang);
  }

  /** Whether it is known here who is there, and how that stands. */
  get sure(): boolean {
    return this.#mark !== "known" || this.#standing !== null;
  }

  /** Whether a withdrawal or an erasure waits for the server. */
  get waits(): boolean {
    const standing = this.#standing;
    return standing !== null && (standing.erasing || standing.withdrawing.length > 0);
  }

  /** What the page may know of the consent. */
  get consent(): ConsentWord {
    const standing = this.#standing;
    if (standing === null) return this.#mark === "refused" || this.gpc ? "off" : "none";
    return standing.purposes.length > 0 && !standing.erasing ? "on" : "off";
  }

  /** The last order of this page, to be told when the person asks why; null: what it shows is nobody's. */
  remember(ranking: Ranking | null): void {
    this.#ranking = ranking;
    this.#tabs.say({ kind: "ranking", page: this.#hello.page, ranking });
    this.#notify();
  }

  async #look(): Promise<void> {
    const before = this.#mark;
    this.#mark = readMark(this.site.id);
    if (this.#mark === "known") {
      const standing = await (await this.client()).standing();
      this.#standing = standing.subject === null ? null : standing;
      if (standing.subject === null) this.#remember("nothing"); // an erasure that had waited was done, by whichever frame
    } else if (this.#opened !== null || before === "known") this.#standing = null;
    this.#again();
    await this.#near?.check();
    this.#notify();
  }

  /**
   * What waits for the server goes out: when the page begins, and when it is online again. In the core frame; a withdrawal or an erasure in any, also after
   * a while, and it goes first.
   */
  #carry(): void {
    const { waits } = this;
    if (this.#mark !== "known" || (this.#near === null && !waits)) return;
    this.#again();
    const sent = this.client().then((client) => client.flush()).catch((error: unknown) => {
      if (!(error instanceof MienError)) throw error; // it waits for the next time
    });
    void sent.then(() => (waits ? this.changed() : this.#look()));
  }

  /** Try later whatever must be told to the server. */
  #again(): void {
    clearTimeout(this.#retry);
    if (this.waits) {
      this.#retry = setTimeout(() => {
        this.#pause = Math.min(this.#pause * 2, RETRY.most);
        this.#carry();
      }, this.#pause);
    } else this.#pause = RETRY.first;
  }

  #speaks(lang: Language): void {
    this.#spoken = true;
    this.#turn(lang);
  }

  #turn(lang: Language): void {
    this.lang = lang;
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #remember(mark: Mark): void {
    writeMark(this.site.id, mark);
    this.#mark = mark;
  }

  // ---- before there is anybody ----
  speak(lang: Language): void {
    this.#tabs.say({ kind: "speak", page: this.#hello.page, lang });
    this.#speaks(lang);
  }

  notice(lang: Language = this.lang): Promise<Notice> {
    return fetchNotice(this.#parts.server, this.site.id, lang);
  }

  said(): Said {
    return this.#mark === "known" ? "nothing" : this.#mark;
  }

  async no(): Promise<Refused> {
    // A yes whose answer never came may stand at the server: it is taken back like any other.
    const receipt = this.#mark === "known" ? await this.withdraw() : null;
    await this.#answered("refused", (client) => client.refuse());
    if (this.waits) return "untold";
    return receipt === null ? "no" : "withdrawn";
  }

  later(): Promise<void> {
    return this.#answered("deferred", (client) => client.defer());
  }

  async #answered(mark: Said, tell: (client: Client) => Promise<void>): Promise<void> {
    if (this.#mark === "known") await tell(await this.client());
    else this.#remember(mark);
    await this.changed();
  }

  // ---- the person ----
  async yes(answer: Answer, press: Event, shown: Notice): Promise<Receipt> {
    await this.person(press);
    const client = await this.client();
    const now = await client.notice(shown.locale);
    if (JSON.stringify(now) !== JSON.stringify(shown)) {
      throw new NoticeStale("the notice changed while it was shown; read the new one, and answer again");
    }
    this.#remember("known"); // a page that is closed meanwhile may have said yes
    try {
      return await client.consent({ method: "screen", ...answer });
    } finally {
      await this.#known(client);
    }
  }

  /** There are keys in storage now, whatever came of it. */
  async #known(client: Client): Promise<void> {
    const { subject } = await client.standing();
    if (subject !== null) this.#remember("known");
    await this.changed();
  }

  standing(): Standing | null {
    return this.#standing;
  }

  client(): Promise<Client> {
    this.#client ??= this.#parts.open().then((client) => {
      this.#opened = client;
      return client;
    });
    this.#client.catch(() => { this.#client = null; }); // the next one tries again
    return this.#client;
  }

  recoveryCode(): string | null {
    return this.#opened?.recoveryCode ?? null;
  }

  async withdraw(purposes: readonly Purpose[] = PURPOSES): Promise<Receipt | null> {
    const left = (this.#standing?.purposes ?? []).filter((each) => !purposes.includes(each));
    if (!left.some((each) => LABEL_PURPOSES.includes(each))) this.camera.stop(); // before anything else is waited for
    return this.#told((await this.client()).withdraw(purposes));
  }

  async erase(press: Event): Promise<Certificate | null> {
    await this.person(press);
    this.camera.stop();
    const client = await this.client();
    const certificate = await this.#told(client.erase());
    if ((await client.standing()).subject === null) this.#remember("nothing");
    await this.changed();
    return certificate;
  }

  async recover(code: string, press: Event): Promise<Receipt> {
    await this.person(press);
    const client = await this.client();
    const receipt = await client.recover(code);
    await this.#known(client);
    return receipt;
  }

  async declare(mood: Expression, second: Expression | null, press: Event): Promise<Label> {
    await this.person(press);
    return (await this.client()).declare(mood, second);
  }

  async correct(record: string, expression: Expression, press: Event): Promise<void> {
    await this.person(press);
    await (await this.client()).correct(record, expression);
  }

  person(press: Event): Promise<void> {
    return this.#presses.check(press);
  }

  /** What is told to the server is in force here at once: the others hear of it before the server answers, and again after. */
  async #told<T>(pending: Promise<T>): Promise<T> {
    const soon = setTimeout(() => { void this.changed(); }, SOON);
    try {
      return await pending;
    } finally {
      clearTimeout(soon);
      await this.changed();
    }
  }

  async changed(): Promise<void> {
    // A view may have made somebody known with the client itself: joined this device by a code, or drawn up a child's request.
    if (this.#mark !== "known" && this.#opened !== null && (await this.#opened.standing()).subject !== null) this.#remember("known");
    this.#tabs.say({ kind: "changed" });
    await this.#look();
  }

  // ---- what goes on ----
  live(): Moment | null {
    return this.#near?.moment ?? null;
  }

  ranking(): Promise<Ranking | null> {
    const { page } = this.#hello;
    if (this.#near !== null) return Promise.resolve(this.#ranking);
    return new Promise((resolve) => {
      const end = (ranking: Ranking | null): void => {
        deaf();
        clearTimeout(timer);
        resolve(ranking);
      };
      const deaf = this.#tabs.hear((word) => { if (word.kind === "ranking" && word.page === page) end(word.ranking); });
      const timer = setTimeout(() => end(null), ANSWER);
      this.#tabs.say({ kind: "ranking?", page });
    });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  show(view: ViewName): void {
    this.#parts.line.say({ kind: "show", view });
  }

  hand(ticket: string | null): void {
    this.#parts.line.say({ kind: "handed", ticket });
  }

  close(): void {
    this.#parts.line.say({ kind: "close" });
  }
}
