// \0rolldown/runtime.js
var e = Object.create, t = Object.defineProperty, __name = (e, n) => t(e, "name", {
	value: n,
	configurable: !0
}), n = Object.getOwnPropertyDescriptor, r = Object.getOwnPropertyNames, i = Object.getPrototypeOf, a = Object.prototype.hasOwnProperty, __commonJSMin = (e, t) => () => (t || (e((t = { exports: {} }).exports, t, t.exports), e = null), t.exports), __copyProps = (e, i, o, s) => {
	if (i && typeof i == "object" || typeof i == "function") for (var c = r(i), l = 0, u = c.length, d; l < u; l++) d = c[l], !a.call(e, d) && d !== o && t(e, d, {
		get: ((e) => i[e]).bind(null, d),
		enumerable: !(s = n(i, d)) || s.enumerable
	});
	return e;
}, __toESM = (n, r, o) => (o = n == null ? {} : e(i(n)), __copyProps(r || !n || !n.__esModule || !a.call(n, "default") ? t(o, "default", {
	value: n,
	enumerable: !0
}) : o, n)), o = [
	"neutral",
	"joy",
	"surprise",
	"anger",
	"fear",
	"sadness",
	"disgust",
	"contempt"
], s = [
	"none",
	"engaged",
	"interested",
	"confused",
	"frustrated",
	"stressed",
	"bored",
	"fatigued"
], c = [
	"none",
	"negative",
	"positive",
	"surprise"
], l = [
	"face",
	"declared",
	"text"
], u = [
	"personalize_offers",
	"adapt_service",
	"adapt_lessons",
	"bind_account",
	"contribute",
	"declare_mood"
], d = [
	"retail",
	"education",
	"workplace",
	"health",
	"finance",
	"service"
], f = [
	"customer",
	"student",
	"patient",
	"client",
	"employee",
	"candidate"
], p = [
	"under_13",
	"13_to_15",
	"16_to_17",
	"adult",
	"undeclared"
], m = [
	"none",
	"requested",
	"deferred",
	"refused",
	"given",
	"renewed",
	"withdrawn",
	"revoked",
	"expired",
	"invalidated"
], h = ["given", "renewed"], g = [
	"device",
	"guardian",
	"recovery",
	"link"
], _ = 64, ee = 64;
function declared(e, t, n = null) {
	return {
		expression: e,
		second: n,
		ended_at: t,
		confidence: 15,
		window: 1,
		state: "none",
		polarity: "none",
		valence: null,
		arousal: null,
		source: "declared",
		model: 0
	};
}
// src/errors.ts
var MienError = class extends Error {
	code = "mien-error";
	laws;
	constructor(e, t = {}) {
		super(e, "cause" in t ? { cause: t.cause } : void 0), this.laws = t.laws ?? [], this.name = new.target.name;
	}
}, ConsentError = class extends MienError {
	code = "consent-error";
}, ConsentMissing = class extends ConsentError {
	code = "consent-missing";
}, ConsentRefused = class extends ConsentError {
	code = "consent-refused";
}, NoticeStale = class extends ConsentError {
	code = "notice-stale";
}, ReceiptInvalid = class extends ConsentError {
	code = "receipt-invalid";
}, CapabilityInvalid = class extends ConsentError {
	code = "capability-invalid";
}, CapabilityExpired = class extends ConsentError {
	code = "capability-expired";
}, LabelInvalid = class extends MienError {
	code = "label-invalid";
}, SealError = class extends MienError {
	code = "seal-error";
}, EnvelopeInvalid = class extends SealError {
	code = "envelope-invalid";
}, SealKeyExpired = class extends SealError {
	code = "seal-key-expired";
}, SignatureInvalid = class extends MienError {
	code = "signature-invalid";
}, SendError = class extends MienError {
	code = "send-error";
}, ServerUnreachable = class extends SendError {
	code = "server-unreachable";
}, ServerBusy = class extends SendError {
	code = "server-busy";
	retryAfter;
	constructor(e, t) {
		super(e), this.retryAfter = t;
	}
}, ServerAnswerInvalid = class extends SendError {
	code = "server-answer-invalid";
}, RequestRefused = class extends SendError {
	code = "request-refused";
	status;
	problem;
	constructor(e, t, n, r) {
		super(e, { laws: r }), this.status = t, this.problem = n;
	}
}, KeepError = class extends MienError {
	code = "keep-error";
}, KeepUnreadable = class extends KeepError {
	code = "keep-unreadable";
}, RequestInvalid = class extends MienError {
	code = "request-invalid";
}, ClockSkewed = class extends MienError {
	code = "clock-skewed";
}, AuditError = class extends MienError {
	code = "audit-error";
}, ProofInvalid = class extends AuditError {
	code = "proof-invalid";
}, CheckpointInvalid = class extends AuditError {
	code = "checkpoint-invalid";
}, SettingsError = class extends MienError {
	code = "settings-invalid";
}, te = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", ne = new Map([...te].map((e, t) => [e, t])), re = new TextEncoder();
function utf8(e) {
	return re.encode(e);
}
function concat$1(...e) {
	let t = new Uint8Array(e.reduce((e, t) => e + t.length, 0)), n = 0;
	for (let r of e) t.set(r, n), n += r.length;
	return t;
}
__name(concat$1, "concat");
function equal(e, t) {
	return e.length === t.length && e.every((e, n) => e === t[n]);
}
function bigEndian(e, t) {
	let n = new Uint8Array(t), r = BigInt(e);
	for (let e = t - 1; e >= 0; --e) n[e] = Number(r & 255n), r >>= 8n;
	return n;
}
function fromBigEndian(e) {
	return e.reduce((e, t) => e << 8n | BigInt(t), 0n);
}
function frame(...e) {
	return concat$1(...e.flatMap((e) => [bigEndian(e.length, 4), e]));
}
function b64(e) {
	let t = [];
	for (let n = 0; n < e.length; n += 3) {
		let [r = 0, i = 0, a = 0] = e.subarray(n, n + 3), o = r << 16 | i << 8 | a, s = Math.min(e.length - n, 3) + 1;
		for (let e = 0; e < s; e += 1) t.push(te.charAt(o >> 18 - 6 * e & 63));
	}
	return t.join("");
}
function unb64(e) {
	let t = Math.floor(e.length * 6 / 8), n = new Uint8Array(t), r = 0, i = 0, a = 0;
	for (let t of e) {
		let e = ne.get(t);
		if (e === void 0) throw new RequestInvalid("not base64url; encode without padding");
		r = (r << 6 | e) & 65535, i += 6, i >= 8 && (i -= 8, n[a] = r >> i & 255, a += 1);
	}
	if (e.length % 4 == 1 || r & (1 << i) - 1) throw new RequestInvalid("not canonical base64url; encode without padding or spare bits");
	return n;
}
function characters(e) {
	let t = 0;
	for (let n of e) t += 1;
	return t;
}
// src/wire/canonical.ts
var ie = 262144;
function encode(e) {
	return utf8(spelled(e, 0));
}
function spelled(e, t) {
	if (tooDeep(t), e === null || typeof e == "boolean") return String(e);
	if (typeof e == "number") return String(integer(e));
	if (typeof e == "string") return JSON.stringify(whole$1(e));
	if (Array.isArray(e)) return `[${e.map((e) => spelled(e, t + 1)).join(",")}]`;
	if (!isObject(e)) throw new RequestInvalid("this value has no canonical form; use objects, lists, texts, integers, true, false and null");
	return `{${Object.keys(e).sort().map((n) => `${JSON.stringify(whole$1(n))}:${spelled(e[n], t + 1)}`).join(",")}}`;
}
function decode(e, t = ie) {
	if (e.length > t) throw new RequestInvalid(`the message has more than ${t} bytes; send less`);
	let n;
	try {
		n = new TextDecoder("utf-8", {
			fatal: !0,
			ignoreBOM: !0
		}).decode(e);
	} catch (e) {
		throw new RequestInvalid(v, { cause: e });
	}
	return new Reader(n).whole();
}
function isObject(e) {
	if (typeof e != "object" || !e) return !1;
	let t = Object.getPrototypeOf(e);
	return t === Object.prototype || t === null;
}
var v = "the message is not JSON; see the reference of the wire format", ae = /[ \t\n\r]*/y, oe = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y, se = /* @__PURE__ */ new Map([
	["null", null],
	["true", !0],
	["false", !1]
]), Reader = class {
	#e;
	#t = 0;
	constructor(e) {
		this.#e = e;
	}
	whole() {
		let e = this.#n(0);
		if (this.#l(), this.#t !== this.#e.length) throw new RequestInvalid(v);
		return e;
	}
	#n(e) {
		tooDeep(e), this.#l();
		let t = this.#e.charAt(this.#t);
		if (t === "{") return this.#r(e);
		if (t === "[") return this.#i(e);
		if (t === "\"") return this.#a();
		for (let [e, t] of se) if (this.#u(e)) return t;
		return this.#s();
	}
	#r(e) {
		let t = {};
		if (this.#t += 1, this.#f("}")) return t;
		do {
			this.#l();
			let n = this.#a();
			if (Object.hasOwn(t, n)) throw new RequestInvalid("the message names a field twice; name each once");
			this.#l(), this.#d(":");
			let r = this.#n(e + 1);
			Object.defineProperty(t, n, {
				value: r,
				enumerable: !0,
				writable: !0,
				configurable: !0
			});
		} while (this.#p("}"));
		return t;
	}
	#i(e) {
		let t = [];
		if (this.#t += 1, this.#f("]")) return t;
		do
			t.push(this.#n(e + 1));
		while (this.#p("]"));
		return t;
	}
	#a() {
		let e = this.#t;
		if (this.#e.charAt(e) !== "\"") throw new RequestInvalid(v);
		let t = this.#e.indexOf("\"", e + 1);
		for (; t > 0 && this.#o(t);) t = this.#e.indexOf("\"", t + 1);
		if (t < 0) throw new RequestInvalid(v);
		this.#t = t + 1;
		try {
			return whole$1(JSON.parse(this.#e.slice(e, t + 1)));
		} catch (e) {
			throw e instanceof SyntaxError ? new RequestInvalid(v, { cause: e }) : e;
		}
	}
	#o(e) {
		let t = e;
		for (; this.#e.charAt(t - 1) === "\\";) --t;
		return (e - t) % 2 == 1;
	}
	#s() {
		let e = this.#c(oe);
		if (/[.eE]/.test(e)) throw new RequestInvalid("the message holds a fraction or no number; use integers in the stated unit");
		return integer(Number(e));
	}
	#c(e) {
		e.lastIndex = this.#t;
		let t = e.exec(this.#e)?.[0];
		if (t === void 0) throw new RequestInvalid(v);
		return this.#t += t.length, t;
	}
	#l() {
		this.#c(ae);
	}
	#u(e) {
		let t = this.#e.startsWith(e, this.#t);
		return t && (this.#t += e.length), t;
	}
	#d(e) {
		if (!this.#u(e)) throw new RequestInvalid(v);
	}
	#f(e) {
		return this.#l(), this.#u(e);
	}
	#p(e) {
		return this.#l(), this.#u(",") ? !0 : (this.#d(e), !1);
	}
};
function tooDeep(e) {
	if (e > 16) throw new RequestInvalid("the message is nested too deeply; flatten it");
}
function integer(e) {
	if (Number.isSafeInteger(e)) return e === 0 ? 0 : e;
	throw Number.isInteger(e) ? new RequestInvalid("the message holds an integer beyond 2^53 - 1, which not every reader keeps; use a text") : new RequestInvalid("the message holds a fraction; use integers in the stated unit");
}
function whole$1(e) {
	if (!e.isWellFormed()) throw new RequestInvalid("the message holds half a character; send whole Unicode");
	return e;
}
__name(whole$1, "whole");
// node_modules/mlkem/esm/src/errors.js
var MlKemError = class extends Error {
	constructor(e) {
		let t;
		t = e instanceof Error ? e.message : typeof e == "string" ? e : "", super(t), this.name = this.constructor.name;
	}
}, y = 3329, ce = 62209, le = [
	2285,
	2571,
	2970,
	1812,
	1493,
	1422,
	287,
	202,
	3158,
	622,
	1577,
	182,
	962,
	2127,
	1855,
	1468,
	573,
	2004,
	264,
	383,
	2500,
	1458,
	1727,
	3199,
	2648,
	1017,
	732,
	608,
	1787,
	411,
	3124,
	1758,
	1223,
	652,
	2777,
	1015,
	2036,
	1491,
	3047,
	1785,
	516,
	3321,
	3009,
	2663,
	1711,
	2167,
	126,
	1469,
	2476,
	3239,
	3058,
	830,
	107,
	1908,
	3082,
	2378,
	2931,
	961,
	1821,
	2604,
	448,
	2264,
	677,
	2054,
	2226,
	430,
	555,
	843,
	2078,
	871,
	1550,
	105,
	422,
	587,
	177,
	3094,
	3038,
	2869,
	1574,
	1653,
	3083,
	778,
	1159,
	3182,
	2552,
	1483,
	2727,
	1119,
	1739,
	644,
	2457,
	349,
	418,
	329,
	3173,
	3254,
	817,
	1097,
	603,
	610,
	1322,
	2044,
	1864,
	384,
	2114,
	3193,
	1218,
	1994,
	2455,
	220,
	2142,
	1670,
	2144,
	1799,
	2051,
	794,
	1819,
	2475,
	2459,
	478,
	3221,
	3021,
	996,
	991,
	958,
	1869,
	1522,
	1628
], ue = [
	1701,
	1807,
	1460,
	2371,
	2338,
	2333,
	308,
	108,
	2851,
	870,
	854,
	1510,
	2535,
	1278,
	1530,
	1185,
	1659,
	1187,
	3109,
	874,
	1335,
	2111,
	136,
	1215,
	2945,
	1465,
	1285,
	2007,
	2719,
	2726,
	2232,
	2512,
	75,
	156,
	3e3,
	2911,
	2980,
	872,
	2685,
	1590,
	2210,
	602,
	1846,
	777,
	147,
	2170,
	2551,
	246,
	1676,
	1755,
	460,
	291,
	235,
	3152,
	2742,
	2907,
	3224,
	1779,
	2458,
	1251,
	2486,
	2774,
	2899,
	1103,
	1275,
	2652,
	1065,
	2881,
	725,
	1508,
	2368,
	398,
	951,
	247,
	1421,
	3222,
	2499,
	271,
	90,
	853,
	1860,
	3203,
	1162,
	1618,
	666,
	320,
	8,
	2813,
	1544,
	282,
	1838,
	1293,
	2314,
	552,
	2677,
	2106,
	1571,
	205,
	2918,
	1542,
	2721,
	2597,
	2312,
	681,
	130,
	1602,
	1871,
	829,
	2946,
	3065,
	1325,
	2756,
	1861,
	1474,
	1202,
	2367,
	3147,
	1752,
	2707,
	171,
	3127,
	3042,
	1907,
	1836,
	1517,
	359,
	758,
	1441
], de = 4294967295n, fe = 32n;
function fromBig(e, t = !1) {
	return t ? {
		h: Number(e & de),
		l: Number(e >> fe & de)
	} : {
		h: Number(e >> fe & de) | 0,
		l: Number(e & de) | 0
	};
}
function split(e, t = !1) {
	let n = e.length, r = new Uint32Array(n), i = new Uint32Array(n);
	for (let a = 0; a < n; a++) {
		let { h: n, l: o } = fromBig(e[a], t);
		[r[a], i[a]] = [n, o];
	}
	return [r, i];
}
var rotlSH = (e, t, n) => e << n | t >>> 32 - n, rotlSL = (e, t, n) => t << n | e >>> 32 - n, rotlBH = (e, t, n) => t << n - 32 | e >>> 64 - n, rotlBL = (e, t, n) => e << n - 32 | t >>> 64 - n;
// node_modules/mlkem/esm/src/sha3/utils.js
function isBytes$1(e) {
	return e instanceof Uint8Array || ArrayBuffer.isView(e) && e.constructor.name === "Uint8Array";
}
__name(isBytes$1, "isBytes");
function anumber$1(e, t = "") {
	if (!Number.isSafeInteger(e) || e < 0) {
		let n = t && `"${t}" `;
		throw Error(`${n}expected integer >0, got ${e}`);
	}
}
__name(anumber$1, "anumber");
function abytes$1(e, t, n = "") {
	let r = isBytes$1(e), i = e?.length, a = t !== void 0;
	if (!r || a && i !== t) {
		let o = n && `"${n}" `, s = a ? ` of length ${t}` : "", c = r ? `length=${i}` : `type=${typeof e}`;
		throw Error(o + "expected Uint8Array" + s + ", got " + c);
	}
	return e;
}
__name(abytes$1, "abytes");
function aexists$1(e, t = !0) {
	if (e.destroyed) throw Error("Hash instance has been destroyed");
	if (t && e.finished) throw Error("Hash#digest() has already been called");
}
__name(aexists$1, "aexists");
function aoutput$1(e, t) {
	abytes$1(e, void 0, "digestInto() output");
	let n = t.outputLen;
	if (e.length < n) throw Error("\"digestInto() output\" expected to be of length >=" + n);
}
__name(aoutput$1, "aoutput");
function u32(e) {
	return new Uint32Array(e.buffer, e.byteOffset, Math.floor(e.byteLength / 4));
}
function clean$1(...e) {
	for (let t = 0; t < e.length; t++) e[t].fill(0);
}
__name(clean$1, "clean");
var pe = new Uint8Array(new Uint32Array([287454020]).buffer)[0] === 68;
function byteSwap(e) {
	return e << 24 & 4278190080 | e << 8 & 16711680 | e >>> 8 & 65280 | e >>> 24 & 255;
}
function byteSwap32(e) {
	for (let t = 0; t < e.length; t++) e[t] = byteSwap(e[t]);
	return e;
}
var me = pe ? (e) => e : byteSwap32;
function createHasher$1(e, t = {}) {
	let hashC = (t, n) => e(n).update(t).digest(), n = e(void 0);
	return hashC.outputLen = n.outputLen, hashC.blockLen = n.blockLen, hashC.create = (t) => e(t), Object.assign(hashC, t), Object.freeze(hashC);
}
__name(createHasher$1, "createHasher");
var he = /* @__PURE__ */ __name((e) => ({ oid: Uint8Array.from([
	6,
	9,
	96,
	134,
	72,
	1,
	101,
	3,
	4,
	2,
	e
]) }), "oidNist"), ge = 0n, b = 1n, _e = 2n, ve = 7n, ye = 256n, be = 113n, xe = [], Se = [], Ce = [];
for (let e = 0, t = b, n = 1, r = 0; e < 24; e++) {
	[n, r] = [r, (2 * n + 3 * r) % 5], xe.push(2 * (5 * r + n)), Se.push((e + 1) * (e + 2) / 2 % 64);
	let i = ge;
	for (let e = 0; e < 7; e++) t = (t << b ^ (t >> ve) * be) % ye, t & _e && (i ^= b << (b << BigInt(e)) - b);
	Ce.push(i);
}
var we = split(Ce, !0), Te = we[0], Ee = we[1], rotlH = (e, t, n) => n > 32 ? rotlBH(e, t, n) : rotlSH(e, t, n), rotlL = (e, t, n) => n > 32 ? rotlBL(e, t, n) : rotlSL(e, t, n);
function keccakP(e, t = 24, n) {
	n ||= /* @__PURE__ */ new Uint32Array(10);
	for (let r = 24 - t; r < 24; r++) {
		for (let t = 0; t < 10; t++) n[t] = e[t] ^ e[t + 10] ^ e[t + 20] ^ e[t + 30] ^ e[t + 40];
		{
			let t = rotlH(n[2], n[3], 1) ^ n[8], r = rotlL(n[2], n[3], 1) ^ n[9];
			e[0] ^= t, e[1] ^= r, e[10] ^= t, e[11] ^= r, e[20] ^= t, e[21] ^= r, e[30] ^= t, e[31] ^= r, e[40] ^= t, e[41] ^= r;
		}
		{
			let t = rotlH(n[4], n[5], 1) ^ n[0], r = rotlL(n[4], n[5], 1) ^ n[1];
			e[2] ^= t, e[3] ^= r, e[12] ^= t, e[13] ^= r, e[22] ^= t, e[23] ^= r, e[32] ^= t, e[33] ^= r, e[42] ^= t, e[43] ^= r;
		}
		{
			let t = rotlH(n[6], n[7], 1) ^ n[2], r = rotlL(n[6], n[7], 1) ^ n[3];
			e[4] ^= t, e[5] ^= r, e[14] ^= t, e[15] ^= r, e[24] ^= t, e[25] ^= r, e[34] ^= t, e[35] ^= r, e[44] ^= t, e[45] ^= r;
		}
		{
			let t = rotlH(n[8], n[9], 1) ^ n[4], r = rotlL(n[8], n[9], 1) ^ n[5];
			e[6] ^= t, e[7] ^= r, e[16] ^= t, e[17] ^= r, e[26] ^= t, e[27] ^= r, e[36] ^= t, e[37] ^= r, e[46] ^= t, e[47] ^= r;
		}
		{
			let t = rotlH(n[0], n[1], 1) ^ n[6], r = rotlL(n[0], n[1], 1) ^ n[7];
			e[8] ^= t, e[9] ^= r, e[18] ^= t, e[19] ^= r, e[28] ^= t, e[29] ^= r, e[38] ^= t, e[39] ^= r, e[48] ^= t, e[49] ^= r;
		}
		let t = e[2], i = e[3], a, o;
		a = rotlSH(t, i, 1), o = rotlSL(t, i, 1), t = e[20], i = e[21], e[20] = a, e[21] = o, a = rotlSH(t, i, 3), o = rotlSL(t, i, 3), t = e[14], i = e[15], e[14] = a, e[15] = o, a = rotlSH(t, i, 6), o = rotlSL(t, i, 6), t = e[22], i = e[23], e[22] = a, e[23] = o, a = rotlSH(t, i, 10), o = rotlSL(t, i, 10), t = e[34], i = e[35], e[34] = a, e[35] = o, a = rotlSH(t, i, 15), o = rotlSL(t, i, 15), t = e[36], i = e[37], e[36] = a, e[37] = o, a = rotlSH(t, i, 21), o = rotlSL(t, i, 21), t = e[6], i = e[7], e[6] = a, e[7] = o, a = rotlSH(t, i, 28), o = rotlSL(t, i, 28), t = e[10], i = e[11], e[10] = a, e[11] = o, a = rotlBH(t, i, 36), o = rotlBL(t, i, 36), t = e[32], i = e[33], e[32] = a, e[33] = o, a = rotlBH(t, i, 45), o = rotlBL(t, i, 45), t = e[16], i = e[17], e[16] = a, e[17] = o, a = rotlBH(t, i, 55), o = rotlBL(t, i, 55), t = e[42], i = e[43], e[42] = a, e[43] = o, a = rotlSH(t, i, 2), o = rotlSL(t, i, 2), t = e[48], i = e[49], e[48] = a, e[49] = o, a = rotlSH(t, i, 14), o = rotlSL(t, i, 14), t = e[8], i = e[9], e[8] = a, e[9] = o, a = rotlSH(t, i, 27), o = rotlSL(t, i, 27), t = e[30], i = e[31], e[30] = a, e[31] = o, a = rotlBH(t, i, 41), o = rotlBL(t, i, 41), t = e[46], i = e[47], e[46] = a, e[47] = o, a = rotlBH(t, i, 56), o = rotlBL(t, i, 56), t = e[38], i = e[39], e[38] = a, e[39] = o, a = rotlSH(t, i, 8), o = rotlSL(t, i, 8), t = e[26], i = e[27], e[26] = a, e[27] = o, a = rotlSH(t, i, 25), o = rotlSL(t, i, 25), t = e[24], i = e[25], e[24] = a, e[25] = o, a = rotlBH(t, i, 43), o = rotlBL(t, i, 43), t = e[4], i = e[5], e[4] = a, e[5] = o, a = rotlBH(t, i, 62), o = rotlBL(t, i, 62), t = e[40], i = e[41], e[40] = a, e[41] = o, a = rotlSH(t, i, 18), o = rotlSL(t, i, 18), t = e[28], i = e[29], e[28] = a, e[29] = o, a = rotlBH(t, i, 39), o = rotlBL(t, i, 39), t = e[44], i = e[45], e[44] = a, e[45] = o, a = rotlBH(t, i, 61), o = rotlBL(t, i, 61), t = e[18], i = e[19], e[18] = a, e[19] = o, a = rotlSH(t, i, 20), o = rotlSL(t, i, 20), t = e[12], i = e[13], e[12] = a, e[13] = o, a = rotlBH(t, i, 44), o = rotlBL(t, i, 44), e[2] = a, e[3] = o;
		for (let t = 0; t < 50; t += 10) n[0] = e[t], n[1] = e[t + 1], n[2] = e[t + 2], n[3] = e[t + 3], n[4] = e[t + 4], n[5] = e[t + 5], n[6] = e[t + 6], n[7] = e[t + 7], n[8] = e[t + 8], n[9] = e[t + 9], e[t + 0] ^= ~n[2] & n[4], e[t + 1] ^= ~n[3] & n[5], e[t + 2] ^= ~n[4] & n[6], e[t + 3] ^= ~n[5] & n[7], e[t + 4] ^= ~n[6] & n[8], e[t + 5] ^= ~n[7] & n[9], e[t + 6] ^= ~n[8] & n[0], e[t + 7] ^= ~n[9] & n[1], e[t + 8] ^= ~n[0] & n[2], e[t + 9] ^= ~n[1] & n[3];
		e[0] ^= Te[r], e[1] ^= Ee[r];
	}
}
var x = class Keccak {
	constructor(e, t, n, r = !1, i = 24) {
		if (Object.defineProperty(this, "state", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "pos", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "posOut", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "finished", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), Object.defineProperty(this, "state32", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "destroyed", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), Object.defineProperty(this, "_B", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: /* @__PURE__ */ new Uint32Array(10)
		}), Object.defineProperty(this, "blockLen", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "suffix", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "outputLen", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "enableXOF", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), Object.defineProperty(this, "rounds", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this.blockLen = e, this.suffix = t, this.outputLen = n, this.enableXOF = r, this.rounds = i, anumber$1(n, "outputLen"), !(0 < e && e < 200)) throw Error("only keccak-f1600 function is supported");
		this.state = /* @__PURE__ */ new Uint8Array(200), this.state32 = u32(this.state);
	}
	clone() {
		return this._cloneInto();
	}
	reset() {
		this.state.fill(0), this.pos = 0, this.posOut = 0, this.finished = !1, this.destroyed = !1;
	}
	keccak() {
		me(this.state32), keccakP(this.state32, this.rounds, this._B), me(this.state32), this.posOut = 0, this.pos = 0;
	}
	update(e) {
		return aexists$1(this), abytes$1(e), this.updateUnsafe(e);
	}
	updateUnsafe(e) {
		let { blockLen: t, state: n } = this, r = e.length;
		for (let i = 0; i < r;) {
			let a = Math.min(t - this.pos, r - i);
			for (let t = 0; t < a; t++) n[this.pos++] ^= e[i++];
			this.pos === t && this.keccak();
		}
		return this;
	}
	finish() {
		if (this.finished) return;
		this.finished = !0;
		let { state: e, suffix: t, pos: n, blockLen: r } = this;
		e[n] ^= t, t & 128 && n === r - 1 && this.keccak(), e[r - 1] ^= 128, this.keccak();
	}
	writeInto(e) {
		return aexists$1(this, !1), abytes$1(e), this.writeIntoUnsafe(e);
	}
	writeIntoUnsafe(e) {
		this.finish();
		let t = this.state, { blockLen: n } = this;
		for (let r = 0, i = e.length; r < i;) {
			this.posOut >= n && this.keccak();
			let a = Math.min(n - this.posOut, i - r);
			e.set(t.subarray(this.posOut, this.posOut + a), r), this.posOut += a, r += a;
		}
		return e;
	}
	xofInto(e) {
		if (!this.enableXOF) throw Error("XOF is not possible for this instance");
		return this.writeInto(e);
	}
	xof(e) {
		return anumber$1(e), this.xofInto(new Uint8Array(e));
	}
	digestInto(e) {
		if (aoutput$1(e, this), this.finished) throw Error("digest() was already called");
		return this.writeInto(e), this.destroy(), e;
	}
	digest() {
		return this.digestInto(new Uint8Array(this.outputLen));
	}
	destroy() {
		this.destroyed = !0, clean$1(this.state);
	}
	_cloneInto(e) {
		let { blockLen: t, suffix: n, outputLen: r, rounds: i, enableXOF: a } = this;
		return e ||= new Keccak(t, n, r, a, i), e.state32.set(this.state32), e.pos = this.pos, e.posOut = this.posOut, e.finished = this.finished, e.rounds = i, e.suffix = n, e.outputLen = r, e.enableXOF = a, e.destroyed = this.destroyed, e;
	}
}, genKeccak = (e, t, n, r = {}) => createHasher$1(() => new x(t, e, n), r), De = /* @__PURE__ */ genKeccak(6, 136, 32, /* @__PURE__ */ he(8)), genShake = (e, t, n, r = {}) => createHasher$1((r = {}) => new x(t, e, r.dkLen === void 0 ? n : r.dkLen, !0), r), Oe = /* @__PURE__ */ genShake(31, 136, 32, /* @__PURE__ */ he(12)), ke = createMergeProxy$1(globalThis, {});
function createMergeProxy$1(e, t) {
	return new Proxy(e, {
		get(n, r, i) {
			return r in t ? t[r] : e[r];
		},
		set(n, r, i) {
			return r in t && delete t[r], e[r] = i, !0;
		},
		deleteProperty(n, r) {
			let i = !1;
			return r in t && (delete t[r], i = !0), r in e && (delete e[r], i = !0), i;
		},
		ownKeys(n) {
			let r = Reflect.ownKeys(e), i = Reflect.ownKeys(t), a = new Set(i);
			return [...r.filter((e) => !a.has(e)), ...i];
		},
		defineProperty(n, r, i) {
			return r in t && delete t[r], Reflect.defineProperty(e, r, i), !0;
		},
		getOwnPropertyDescriptor(n, r) {
			return r in t ? Reflect.getOwnPropertyDescriptor(t, r) : Reflect.getOwnPropertyDescriptor(e, r);
		},
		has(n, r) {
			return r in t || r in e;
		}
	});
}
__name(createMergeProxy$1, "createMergeProxy");
// __vite-browser-external
var Ae = /* @__PURE__ */ __commonJSMin(((e, t) => {
	t.exports = {};
}));
// node_modules/mlkem/esm/src/utils.js
function byte(e) {
	return e & 255;
}
function int16(e) {
	return e << 16 >> 16;
}
function uint16(e) {
	return e & 65535;
}
function constantTimeCompare(e, t) {
	if (e.length != t.length) return 0;
	let n = 0;
	for (let r = 0; r < e.length; r++) n |= e[r] ^ t[r];
	let r = ~n & 255;
	return r &= r >> 4, r &= r >> 2, r &= r >> 1, r & 1;
}
function equalUint8Array(e, t) {
	if (e.length != t.length) return !1;
	for (let n = 0; n < e.length; n++) if (e[n] !== t[n]) return !1;
	return !0;
}
async function loadCrypto$1() {
	if (ke !== void 0 && globalThis.crypto !== void 0) return globalThis.crypto;
	try {
		let { webcrypto: e } = await Promise.resolve().then(() => /* @__PURE__ */ __toESM(Ae()));
		return e;
	} catch {
		throw Error("failed to load Crypto");
	}
}
__name(loadCrypto$1, "loadCrypto");
function byteopsLoad32(e, t = 0) {
	return (e[t] | e[t + 1] << 8 | e[t + 2] << 16 | e[t + 3] << 24) >>> 0;
}
// node_modules/mlkem/esm/src/mlKemBase.js
var MlKemBase = class {
	constructor() {
		Object.defineProperty(this, "_api", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_k", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_du", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_dv", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_eta1", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_eta2", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_skSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_pkSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_compressedUSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_compressedVSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_poolG", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_poolH", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_poolKdf", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_poolXof", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_poolPrf1", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_poolPrf2", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_bufG", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: /* @__PURE__ */ new Uint8Array(64)
		}), Object.defineProperty(this, "_bufH", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: /* @__PURE__ */ new Uint8Array(32)
		}), Object.defineProperty(this, "_bufKdf", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: /* @__PURE__ */ new Uint8Array(32)
		}), Object.defineProperty(this, "_bufXof", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: /* @__PURE__ */ new Uint8Array(672)
		}), Object.defineProperty(this, "_bufPrf1", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_bufPrf2", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_nonceBuf", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: /* @__PURE__ */ new Uint8Array(1)
		}), Object.defineProperty(this, "_xofSeed", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: /* @__PURE__ */ new Uint8Array(34)
		}), Object.defineProperty(this, "_kBuf", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_matrixA", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_noiseVecs", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_polyVec", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_bufPkCheck", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_bufCt", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		});
	}
	_initPool() {
		this._poolG = new x(72, 6, 64), this._poolH = new x(136, 6, 32), this._poolKdf = new x(136, 31, 32, !0), this._poolXof = new x(168, 31, 672, !0);
		let e = this._eta1 * 256 / 4;
		this._poolPrf1 = new x(136, 31, e, !0), this._bufPrf1 = new Uint8Array(e);
		let t = this._eta2 * 256 / 4;
		this._poolPrf2 = new x(136, 31, t, !0), this._bufPrf2 = new Uint8Array(t), this._kBuf = new Uint8Array([this._k]), this._matrixA = Array(this._k);
		for (let e = 0; e < this._k; e++) {
			this._matrixA[e] = Array(this._k);
			for (let t = 0; t < this._k; t++) this._matrixA[e][t] = /* @__PURE__ */ new Int16Array(256);
		}
		let n = 2 * this._k + 1;
		this._noiseVecs = Array(n);
		for (let e = 0; e < n; e++) this._noiseVecs[e] = /* @__PURE__ */ new Int16Array(256);
		this._polyVec = Array(this._k);
		for (let e = 0; e < this._k; e++) this._polyVec[e] = /* @__PURE__ */ new Int16Array(256);
		this._bufPkCheck = new Uint8Array(384 * this._k), this._bufCt = new Uint8Array(this._compressedUSize + this._compressedVSize);
	}
	_zeroPool() {
		this._bufG.fill(0), this._bufH.fill(0), this._bufKdf.fill(0), this._bufXof.fill(0), this._bufPrf1.fill(0), this._bufPrf2.fill(0), this._nonceBuf[0] = 0, this._xofSeed.fill(0);
		for (let e = 0; e < this._k; e++) for (let t = 0; t < this._k; t++) this._matrixA[e][t].fill(0);
		for (let e = 0; e < this._noiseVecs.length; e++) this._noiseVecs[e].fill(0);
		for (let e = 0; e < this._k; e++) this._polyVec[e].fill(0);
		this._bufPkCheck.fill(0), this._bufCt.fill(0), this._poolG.reset(), this._poolH.reset(), this._poolKdf.reset(), this._poolXof.reset(), this._poolPrf1.reset(), this._poolPrf2.reset();
	}
	_polyToBytes(e, t, n) {
		let r, i;
		for (let a = 0; a < 128; a++) r = n[2 * a] - y, r += r >> 31 & y, i = n[2 * a + 1] - y, i += i >> 31 & y, e[t + 3 * a + 0] = byte(r), e[t + 3 * a + 1] = byte(r >> 8) | byte(i << 4), e[t + 3 * a + 2] = byte(i >> 4);
	}
	_polyFromBytes(e, t, n) {
		for (let r = 0; r < 128; r++) e[2 * r] = int16((uint16(t[n + 3 * r + 0]) | 0 | uint16(t[n + 3 * r + 1]) << 8) & 4095), e[2 * r + 1] = int16((uint16(t[n + 3 * r + 1]) >> 4 | uint16(t[n + 3 * r + 2]) << 4) & 4095);
	}
	_g(e, t) {
		return this._poolG.reset(), this._poolG.updateUnsafe(e), t !== void 0 && this._poolG.updateUnsafe(t), this._poolG.writeIntoUnsafe(this._bufG), [this._bufG.subarray(0, 32), this._bufG.subarray(32, 64)];
	}
	_h(e) {
		return this._poolH.reset(), this._poolH.updateUnsafe(e).writeIntoUnsafe(this._bufH), this._bufH;
	}
	_kdf(e, t) {
		return this._poolKdf.reset(), this._poolKdf.updateUnsafe(e), t !== void 0 && this._poolKdf.updateUnsafe(t), this._poolKdf.writeIntoUnsafe(this._bufKdf), this._bufKdf;
	}
	_xof(e) {
		return this._poolXof.reset(), this._poolXof.updateUnsafe(e).writeIntoUnsafe(this._bufXof), this._bufXof;
	}
	_prf1(e, t) {
		return this._nonceBuf[0] = t, this._poolPrf1.reset(), this._poolPrf1.updateUnsafe(e).updateUnsafe(this._nonceBuf).writeIntoUnsafe(this._bufPrf1), this._bufPrf1;
	}
	_prf2(e, t) {
		return this._nonceBuf[0] = t, this._poolPrf2.reset(), this._poolPrf2.updateUnsafe(e).updateUnsafe(this._nonceBuf).writeIntoUnsafe(this._bufPrf2), this._bufPrf2;
	}
	_generateKeyPairCore() {
		try {
			let e = /* @__PURE__ */ new Uint8Array(64);
			return this._api.getRandomValues(e), this._deriveKeyPair(e);
		} finally {
			this._zeroPool();
		}
	}
	_deriveKeyPairCore(e) {
		try {
			if (e.byteLength !== 64) throw Error("seed must be 64 bytes in length");
			return this._deriveKeyPair(e);
		} finally {
			this._zeroPool();
		}
	}
	_encapCore(e, t) {
		try {
			if (e.length !== 384 * this._k + 32) throw Error("invalid encapsulation key");
			let n = this._getSeed(t), [r, i] = this._g(n, this._h(e));
			return this._encap(e, n, i), [this._bufCt.slice(), r.slice()];
		} finally {
			this._zeroPool();
		}
	}
	_decapCore(e, t) {
		try {
			if (e.byteLength !== this._compressedUSize + this._compressedVSize) throw Error("Invalid ct size");
			if (t.length !== 768 * this._k + 96) throw Error("Invalid decapsulation key");
			let n = t.subarray(0, this._skSize), r = t.subarray(this._skSize, this._skSize + this._pkSize), i = t.subarray(this._skSize + this._pkSize, this._skSize + this._pkSize + 32), a = t.subarray(this._skSize + this._pkSize + 32, this._skSize + this._pkSize + 64), o = this._decap(e, n), [s, c] = this._g(o, i), l = this._kdf(a, e);
			return this._encap(r, o, c), constantTimeCompare(e, this._bufCt) === 1 ? s.slice() : l.slice();
		} finally {
			this._zeroPool();
		}
	}
	async _setup() {
		this._api === void 0 && (this._api = await loadCrypto$1());
	}
	_getSeed(e) {
		if (e == null) {
			let e = /* @__PURE__ */ new Uint8Array(32);
			return this._api.getRandomValues(e), e;
		}
		if (e.byteLength !== 32) throw Error("seed must be 32 bytes in length");
		return e;
	}
	_deriveKeyPair(e) {
		let t = e.subarray(0, 32), n = e.subarray(32, 64), [r, i] = this._deriveCpaKeyPair(t), a = this._h(r), o = new Uint8Array(this._skSize + this._pkSize + 64);
		return o.set(i, 0), o.set(r, this._skSize), o.set(a, this._skSize + this._pkSize), o.set(n, this._skSize + this._pkSize + 32), [r, o];
	}
	_deriveCpaKeyPair(e) {
		let [t, n] = this._g(e, this._kBuf), r = this._sampleMatrix(t, !1), i = this._sampleNoise1(n, 0, this._k), a = this._sampleNoise1(n, this._k, this._k);
		for (let e = 0; e < this._k; e++) i[e] = ntt(i[e]), i[e] = reduce(i[e]), a[e] = ntt(a[e]);
		let o = Array(this._k);
		for (let e = 0; e < this._k; e++) o[e] = polyToMont(multiply(r[e], i)), o[e] = add(o[e], a[e]), o[e] = reduce(o[e]);
		let s = new Uint8Array(this._pkSize);
		for (let e = 0; e < this._k; e++) this._polyToBytes(s, e * 384, o[e]);
		s.set(t, this._skSize);
		let c = new Uint8Array(this._skSize);
		for (let e = 0; e < this._k; e++) this._polyToBytes(c, e * 384, i[e]);
		return [s, c];
	}
	_encap(e, t, n) {
		let r = this._polyVec, i = this._bufPkCheck;
		for (let t = 0; t < this._k; t++) this._polyFromBytes(r[t], e, t * 384), this._polyToBytes(i, t * 384, r[t]);
		if (!equalUint8Array(e.subarray(0, i.length), i)) throw Error("invalid encapsulation key");
		let a = e.subarray(this._skSize), o = this._sampleMatrix(a, !0), s = this._sampleNoise1(n, 0, this._k), c = this._sampleNoise2(n, this._k, this._k), l = this._sampleNoise2(n, this._k * 2, 1)[0];
		for (let e = 0; e < this._k; e++) s[e] = ntt(s[e]), s[e] = reduce(s[e]);
		let u = Array(this._k);
		for (let e = 0; e < this._k; e++) u[e] = multiply(o[e], s), u[e] = nttInverse(u[e]), u[e] = add(u[e], c[e]), u[e] = reduce(u[e]);
		let d = polyFromMsg(t), f = multiply(r, s);
		return f = nttInverse(f), f = add(f, l), f = add(f, d), f = reduce(f), this._compressU(this._bufCt.subarray(0, this._compressedUSize), u), this._compressV(this._bufCt.subarray(this._compressedUSize), f), this._bufCt;
	}
	_decap(e, t) {
		let n = this._decompressU(e.subarray(0, this._compressedUSize)), r = this._decompressV(e.subarray(this._compressedUSize)), i = this._polyvecFromBytes(t);
		for (let e = 0; e < this._k; e++) n[e] = ntt(n[e]);
		let a = multiply(i, n);
		return a = nttInverse(a), a = subtract(r, a), a = reduce(a), polyToMsg(a);
	}
	_sampleMatrix(e, t) {
		let n = this._matrixA;
		this._xofSeed.set(e);
		for (let r = 0, i = 0; i < this._k; i++) for (let a = 0; a < this._k; a++) {
			t ? (this._xofSeed[e.length] = i, this._xofSeed[e.length + 1] = a) : (this._xofSeed[e.length] = a, this._xofSeed[e.length + 1] = i);
			let o = this._xof(this._xofSeed);
			for (r = indcpaRejUniform(n[i][a], 0, o.subarray(0, 504), 504, 256); r < 256;) {
				let e = o.subarray(504, 672);
				r += indcpaRejUniform(n[i][a], r, e, 168, 256 - r);
			}
		}
		return n;
	}
	_sampleNoise1(e, t, n) {
		let r = Array(n);
		for (let i = 0; i < n; i++) r[i] = this._noiseVecs[t + i], byteopsCbd(r[i], this._prf1(e, t + i), this._eta1);
		return r;
	}
	_sampleNoise2(e, t, n) {
		let r = Array(n);
		for (let i = 0; i < n; i++) r[i] = this._noiseVecs[t + i], byteopsCbd(r[i], this._prf2(e, t + i), this._eta2);
		return r;
	}
	_polyvecFromBytes(e) {
		let t = this._polyVec;
		for (let n = 0; n < this._k; n++) this._polyFromBytes(t[n], e, n * 384);
		return t;
	}
	_compressU(e, t) {
		let n = [
			,
			,
			,
			,
		];
		for (let r = 0, i = 0; i < this._k; i++) for (let a = 0; a < 64; a++) {
			for (let e = 0; e < 4; e++) n[e] = ((t[i][4 * a + e] << 10) + y / 2) / y & 1023;
			e[r++] = byte(n[0] | 0), e[r++] = byte(n[0] >> 8 | n[1] << 2), e[r++] = byte(n[1] >> 6 | n[2] << 4), e[r++] = byte(n[2] >> 4 | n[3] << 6), e[r++] = byte(n[3] >> 2);
		}
		return e;
	}
	_compressV(e, t) {
		let n = /* @__PURE__ */ new Uint8Array(8);
		for (let r = 0, i = 0; i < 32; i++) {
			for (let e = 0; e < 8; e++) n[e] = byte(((t[8 * i + e] << 4) + y / 2) / y) & 15;
			e[r++] = n[0] | n[1] << 4, e[r++] = n[2] | n[3] << 4, e[r++] = n[4] | n[5] << 4, e[r++] = n[6] | n[7] << 4;
		}
		return e;
	}
	_decompressU(e) {
		let t = Array(this._k);
		for (let e = 0; e < this._k; e++) t[e] = /* @__PURE__ */ new Int16Array(256);
		let n = [
			,
			,
			,
			,
		];
		for (let r = 0, i = 0; i < this._k; i++) for (let a = 0; a < 64; a++) {
			n[0] = uint16(e[r + 0]) | 0 | uint16(e[r + 1]) << 8, n[1] = uint16(e[r + 1]) >> 2 | uint16(e[r + 2]) << 6, n[2] = uint16(e[r + 2]) >> 4 | uint16(e[r + 3]) << 4, n[3] = uint16(e[r + 3]) >> 6 | uint16(e[r + 4]) << 2, r += 5;
			for (let e = 0; e < 4; e++) t[i][4 * a + e] = int16((n[e] & 1023) * y + 512 >> 10);
		}
		return t;
	}
	_decompressV(e) {
		let t = /* @__PURE__ */ new Int16Array(256);
		for (let n = 0, r = 0; r < 128; r++, n++) t[2 * r + 0] = int16((e[n] & 15) * y + 8 >> 4), t[2 * r + 1] = int16((e[n] >> 4) * y + 8 >> 4);
		return t;
	}
};
function polyToMsg(e) {
	let t = /* @__PURE__ */ new Uint8Array(32), n, r;
	for (let i = 0; i < 32; i++) for (let a = 0; a < 8; a++) r = e[8 * i + a] - y, r += r >> 31 & y, n = ((uint16(r) << 1) + uint16(y / 2)) / uint16(y) & 1, t[i] |= byte(n << a);
	return t;
}
function polyFromMsg(e) {
	let t = /* @__PURE__ */ new Int16Array(256), n;
	for (let r = 0; r < 32; r++) for (let i = 0; i < 8; i++) n = -1 * int16(e[r] >> i & 1), t[8 * r + i] = n & int16((y + 1) / 2);
	return t;
}
function indcpaRejUniform(e, t, n, r, i) {
	let a = 0, o, s;
	for (let c = 0; a < i && c + 3 <= r;) o = (uint16(n[c] | 0) | uint16(n[c + 1]) << 8) & 4095, s = (uint16(n[c + 1] >> 4) | uint16(n[c + 2]) << 4) & 4095, c += 3, o < 3329 && (e[t + a] = o, a += 1), a < i && s < 3329 && (e[t + a] = s, a += 1);
	return a;
}
function byteopsCbd(e, t, n) {
	let r, i, a, o;
	for (let s = 0; s < 32; s++) {
		r = byteopsLoad32(t, 4 * s), i = r & 1431655765, i += r >> 1 & 1431655765;
		for (let t = 0; t < 8; t++) a = int16(i >> 4 * t + 0 & 3), o = int16(i >> 4 * t + n & 3), e[8 * s + t] = a - o;
	}
}
function ntt(e) {
	for (let t = 0, n = 1, r = 128; r >= 2; r >>= 1) for (let i = 0; i < 256; i = t + r) {
		let a = le[n];
		for (n += 1, t = i; t < i + r; t++) {
			let n = nttFqMul(a, e[t + r]);
			e[t + r] = e[t] - n, e[t] = e[t] + n;
		}
	}
	return e;
}
function nttFqMul(e, t) {
	let n = e * t;
	return n - (Math.imul(n, ce) << 16 >> 16) * y >> 16;
}
function reduce(e) {
	for (let t = 0; t < 256; t++) e[t] = barrett(e[t]);
	return e;
}
var je = ((1 << 24) + y / 2) / y;
function barrett(e) {
	let t = je * e >> 24;
	return t *= y, e - t;
}
function polyToMont(e) {
	for (let t = 0; t < 256; t++) {
		let n = e[t] * 1353, r = Math.imul(n, ce) << 16 >> 16;
		e[t] = n - r * y >> 16;
	}
	return e;
}
function multiply(e, t) {
	let n = polyBaseMulMontgomery(e[0], t[0]), r;
	for (let i = 1; i < e.length; i++) r = polyBaseMulMontgomery(e[i], t[i]), n = add(n, r);
	return reduce(n);
}
function polyBaseMulMontgomery(e, t) {
	for (let n = 0; n < 64; n++) {
		let r = 4 * n, i = e[r], a = e[r + 1], o = e[r + 2], s = e[r + 3], c = t[r], l = t[r + 1], u = t[r + 2], d = t[r + 3], f = le[64 + n];
		e[r] = nttFqMul(nttFqMul(a, l), f) + nttFqMul(i, c), e[r + 1] = nttFqMul(i, l) + nttFqMul(a, c), e[r + 2] = nttFqMul(nttFqMul(s, d), -f) + nttFqMul(o, u), e[r + 3] = nttFqMul(o, d) + nttFqMul(s, u);
	}
	return e;
}
function add(e, t) {
	for (let n = 0; n < 256; n++) e[n] += t[n];
	return e;
}
function subtract(e, t) {
	for (let n = 0; n < 256; n++) e[n] -= t[n];
	return e;
}
function nttInverse(e) {
	let t = 0;
	for (let n = 0, r = 2; r <= 128; r <<= 1) for (let i = 0; i < 256; i = t + r) {
		let a = ue[n];
		for (n += 1, t = i; t < i + r; t++) {
			let n = e[t];
			e[t] = barrett(n + e[t + r]), e[t + r] = n - e[t + r], e[t + r] = nttFqMul(a, e[t + r]);
		}
	}
	for (t = 0; t < 256; t++) e[t] = nttFqMul(e[t], ue[127]);
	return e;
}
// node_modules/mlkem/esm/src/mlKem768.js
var MlKem768 = class extends MlKemBase {
	constructor() {
		super(), Object.defineProperty(this, "_k", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 3
		}), Object.defineProperty(this, "_du", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 10
		}), Object.defineProperty(this, "_dv", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 4
		}), Object.defineProperty(this, "_eta1", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 2
		}), Object.defineProperty(this, "_eta2", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 2
		}), this._skSize = 12 * this._k * 256 / 8, this._pkSize = this._skSize + 32, this._compressedUSize = this._k * this._du * 256 / 8, this._compressedVSize = this._dv * 256 / 8, this._initPool();
	}
	async generateKeyPair() {
		await this._setup();
		try {
			return this._generateKeyPairCore();
		} catch (e) {
			throw new MlKemError(e);
		}
	}
	async deriveKeyPair(e) {
		await this._setup();
		try {
			return this._deriveKeyPairCore(e);
		} catch (e) {
			throw new MlKemError(e);
		}
	}
	async encap(e, t) {
		await this._setup();
		try {
			return this._encapCore(e, t);
		} catch (e) {
			throw new MlKemError(e);
		}
	}
	async decap(e, t) {
		await this._setup();
		try {
			return this._decapCore(e, t);
		} catch (e) {
			throw new MlKemError(e);
		}
	}
}, HpkeError = class extends Error {
	constructor(e) {
		let t;
		t = e instanceof Error ? e.message : typeof e == "string" ? e : "", super(t), this.name = this.constructor.name;
	}
}, InvalidParamError = class extends HpkeError {}, SerializeError = class extends HpkeError {}, DeserializeError = class extends HpkeError {}, EncapError = class extends HpkeError {}, DecapError = class extends HpkeError {}, ExportError = class extends HpkeError {}, SealError$1 = class extends HpkeError {
	static {
		__name(this, "SealError");
	}
}, OpenError = class extends HpkeError {}, MessageLimitReachedError = class extends HpkeError {}, DeriveKeyPairError = class extends HpkeError {}, NotSupportedError = class extends HpkeError {}, Me = createMergeProxy(globalThis, {});
function createMergeProxy(e, t) {
	return new Proxy(e, {
		get(n, r, i) {
			return r in t ? t[r] : e[r];
		},
		set(n, r, i) {
			return r in t && delete t[r], e[r] = i, !0;
		},
		deleteProperty(n, r) {
			let i = !1;
			return r in t && (delete t[r], i = !0), r in e && (delete e[r], i = !0), i;
		},
		ownKeys(n) {
			let r = Reflect.ownKeys(e), i = Reflect.ownKeys(t), a = new Set(i);
			return [...r.filter((e) => !a.has(e)), ...i];
		},
		defineProperty(n, r, i) {
			return r in t && delete t[r], Reflect.defineProperty(e, r, i), !0;
		},
		getOwnPropertyDescriptor(n, r) {
			return r in t ? Reflect.getOwnPropertyDescriptor(t, r) : Reflect.getOwnPropertyDescriptor(e, r);
		},
		has(n, r) {
			return r in t || r in e;
		}
	});
}
// node_modules/@hpke/common/esm/src/algorithm.js
async function loadSubtleCrypto() {
	if (Me !== void 0 && globalThis.crypto !== void 0) return globalThis.crypto.subtle;
	try {
		let { webcrypto: e } = await Promise.resolve().then(() => /* @__PURE__ */ __toESM(Ae()));
		return e.subtle;
	} catch (e) {
		throw new NotSupportedError(e);
	}
}
var NativeAlgorithm = class {
	constructor() {
		Object.defineProperty(this, "_api", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		});
	}
	async _setup() {
		this._api === void 0 && (this._api = await loadSubtleCrypto());
	}
}, S = {
	Base: 0,
	Psk: 1,
	Auth: 2,
	AuthPsk: 3
}, Ne = {
	NotAssigned: 0,
	DhkemP256HkdfSha256: 16,
	DhkemP384HkdfSha384: 17,
	DhkemP521HkdfSha512: 18,
	DhkemSecp256k1HkdfSha256: 19,
	DhkemX25519HkdfSha256: 32,
	DhkemX448HkdfSha512: 33,
	HybridkemX25519Kyber768: 48,
	MlKem512: 64,
	MlKem768: 65,
	MlKem1024: 66,
	XWing: 25722
}, Pe = {
	HkdfSha256: 1,
	HkdfSha384: 2,
	HkdfSha512: 3,
	Sha3256: 4,
	Sha3384: 5,
	Sha3512: 6,
	Shake128: 16,
	Shake256: 17,
	TurboShake128: 18,
	TurboShake256: 19
}, Fe = {
	Aes128Gcm: 1,
	Aes256Gcm: 2,
	Chacha20Poly1305: 3,
	ExportOnly: 65535
}, C = /* @__PURE__ */ new Uint8Array(), w = 0n, T = 1n, E = 2n, Ie = /* @__PURE__ */ new Uint8Array([
	72,
	80,
	75,
	69,
	45,
	118,
	49
]);
function toUint8Array(e) {
	return new Uint8Array(toArrayBuffer(e));
}
function toArrayBuffer(e) {
	return e instanceof ArrayBuffer ? e : ArrayBuffer.isView(e) ? new Uint8Array(e.buffer, e.byteOffset, e.byteLength).slice().buffer : new Uint8Array(e).slice().buffer;
}
var HkdfNative = class extends NativeAlgorithm {
	constructor() {
		super(), Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: Pe.HkdfSha256
		}), Object.defineProperty(this, "hashSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_suiteId", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: C
		}), Object.defineProperty(this, "algHash", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: {
				name: "HMAC",
				hash: "SHA-256",
				length: 256
			}
		});
	}
	init(e) {
		this._suiteId = e;
	}
	buildLabeledIkm(e, t) {
		this._checkInit();
		let n = new Uint8Array(7 + this._suiteId.byteLength + e.byteLength + t.byteLength);
		return n.set(Ie, 0), n.set(this._suiteId, 7), n.set(e, 7 + this._suiteId.byteLength), n.set(t, 7 + this._suiteId.byteLength + e.byteLength), n;
	}
	buildLabeledInfo(e, t, n) {
		this._checkInit();
		let r = new Uint8Array(9 + this._suiteId.byteLength + e.byteLength + t.byteLength);
		return r.set(new Uint8Array([0, n]), 0), r.set(Ie, 2), r.set(this._suiteId, 9), r.set(e, 9 + this._suiteId.byteLength), r.set(t, 9 + this._suiteId.byteLength + e.byteLength), r;
	}
	async extract(e, t) {
		await this._setup();
		let n = e.byteLength === 0 ? new ArrayBuffer(this.hashSize) : toArrayBuffer(e);
		if (n.byteLength !== this.hashSize) throw new InvalidParamError("The salt length must be the same as the hashSize");
		let r = toArrayBuffer(t), i = await this._api.importKey("raw", n, this.algHash, !1, ["sign"]);
		return await this._api.sign("HMAC", i, r);
	}
	async expand(e, t, n) {
		await this._setup();
		let r = toArrayBuffer(e), i = await this._api.importKey("raw", r, this.algHash, !1, ["sign"]), a = new ArrayBuffer(n), o = new Uint8Array(a), s = C, c = toUint8Array(t), l = /* @__PURE__ */ new Uint8Array(1);
		if (n > 255 * this.hashSize) throw Error("Entropy limit reached");
		let u = new Uint8Array(this.hashSize + c.length + 1);
		for (let e = 1, t = 0; t < o.length; e++) l[0] = e, u.set(s, 0), u.set(c, s.length), u.set(l, s.length + c.length), s = new Uint8Array(await this._api.sign("HMAC", i, u.slice(0, s.length + c.length + 1))), o.length - t >= s.length ? (o.set(s, t), t += s.length) : (o.set(s.slice(0, o.length - t), t), t += o.length - t);
		return a;
	}
	async extractAndExpand(e, t, n, r) {
		await this._setup();
		let i = toArrayBuffer(t), a = await this._api.importKey("raw", i, "HKDF", !1, ["deriveBits"]);
		return await this._api.deriveBits({
			name: "HKDF",
			hash: this.algHash.hash,
			salt: toArrayBuffer(e),
			info: toArrayBuffer(n)
		}, a, r * 8);
	}
	async labeledExtract(e, t, n) {
		return await this.extract(e, this.buildLabeledIkm(t, n));
	}
	async labeledExpand(e, t, n, r) {
		return await this.expand(e, this.buildLabeledInfo(t, n, r), r);
	}
	_checkInit() {
		if (this._suiteId === C) throw Error("Not initialized. Call init()");
	}
}, HkdfSha256Native = class extends HkdfNative {
	constructor() {
		super(...arguments), Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: Pe.HkdfSha256
		}), Object.defineProperty(this, "hashSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 32
		}), Object.defineProperty(this, "algHash", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: {
				name: "HMAC",
				hash: "SHA-256",
				length: 256
			}
		});
	}
}, isCryptoKeyPair = (e) => typeof e == "object" && !!e && typeof e.privateKey == "object" && typeof e.publicKey == "object";
function i2Osp(e, t) {
	if (t <= 0) throw Error("i2Osp: too small size");
	if (e >= 256 ** t) throw Error("i2Osp: too large integer");
	let n = new Uint8Array(t);
	for (let r = 0; r < t && e; r++) n[t - (r + 1)] = e % 256, e = Math.floor(e / 256);
	return n;
}
function concat(e, t) {
	let n = new Uint8Array(e.length + t.length);
	return n.set(e, 0), n.set(t, e.length), n;
}
function base64UrlToBytes(e) {
	let t = e.replace(/-/g, "+").replace(/_/g, "/"), n = atob(t), r = new Uint8Array(n.length);
	for (let e = 0; e < n.length; e++) r[e] = n.charCodeAt(e);
	return r;
}
async function loadCrypto() {
	if (Me !== void 0 && globalThis.crypto !== void 0) return globalThis.crypto;
	try {
		let { webcrypto: e } = await Promise.resolve().then(() => /* @__PURE__ */ __toESM(Ae()));
		return e;
	} catch {
		throw Error("failed to load Crypto");
	}
}
function xor(e, t) {
	if (e.byteLength !== t.byteLength) throw Error("xor: different length inputs");
	let n = new Uint8Array(e.byteLength);
	for (let r = 0; r < e.byteLength; r++) n[r] = e[r] ^ t[r];
	return n;
}
// node_modules/@hpke/common/esm/src/interfaces/dhkemPrimitives.js
var D = ["deriveBits"], Le = /* @__PURE__ */ new Uint8Array([
	100,
	107,
	112,
	95,
	112,
	114,
	107
]), Re = /* @__PURE__ */ new Uint8Array([115, 107]), XCryptoKey = class {
	constructor(e, t, n, r = []) {
		Object.defineProperty(this, "key", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "type", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "extractable", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !0
		}), Object.defineProperty(this, "algorithm", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "usages", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this.key = t, this.type = n, this.algorithm = { name: e }, this.usages = r, n === "public" && (this.usages = []);
	}
}, XCurveDhkemPrimitives = class {
	constructor(e, t, n, r) {
		Object.defineProperty(this, "_algName", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_curve", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_hkdf", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_nPk", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_nSk", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this._algName = e, this._nPk = t, this._nSk = t, this._curve = n, this._hkdf = r;
	}
	serializePublicKey(e) {
		try {
			return Promise.resolve(e.key.buffer);
		} catch (e) {
			return Promise.reject(new SerializeError(e));
		}
	}
	async deserializePublicKey(e) {
		try {
			return await this._importRawKey(toArrayBuffer(e), !0);
		} catch (e) {
			throw new DeserializeError(e);
		}
	}
	serializePrivateKey(e) {
		try {
			return Promise.resolve(e.key.buffer);
		} catch (e) {
			return Promise.reject(new SerializeError(e));
		}
	}
	async deserializePrivateKey(e) {
		try {
			return await this._importRawKey(toArrayBuffer(e), !1);
		} catch (e) {
			throw new DeserializeError(e);
		}
	}
	async importKey(e, t, n) {
		try {
			if (e === "raw") return await this._importRawKey(t, n);
			if (t instanceof ArrayBuffer) throw Error("Invalid jwk key format");
			return await this._importJWK(t, n);
		} catch (e) {
			throw new DeserializeError(e);
		}
	}
	async generateKeyPair() {
		try {
			let e = await this._curve.utils.randomSecretKey(), t = new XCryptoKey(this._algName, e, "private", D);
			return {
				publicKey: await this.derivePublicKey(t),
				privateKey: t
			};
		} catch (e) {
			throw new NotSupportedError(e);
		}
	}
	async deriveKeyPair(e) {
		try {
			let t = toArrayBuffer(e), n = await this._hkdf.labeledExtract(C.buffer, Le, new Uint8Array(t)), r = await this._hkdf.labeledExpand(n, Re, C, this._nSk), i = new XCryptoKey(this._algName, new Uint8Array(r), "private", D);
			return {
				privateKey: i,
				publicKey: await this.derivePublicKey(i)
			};
		} catch (e) {
			throw new DeriveKeyPairError(e);
		}
	}
	derivePublicKey(e) {
		try {
			let t = this._curve.getPublicKey(e.key);
			return Promise.resolve(new XCryptoKey(this._algName, t, "public"));
		} catch (e) {
			return Promise.reject(new DeserializeError(e));
		}
	}
	dh(e, t) {
		try {
			return Promise.resolve(this._curve.getSharedSecret(e.key, t.key).buffer);
		} catch (e) {
			return Promise.reject(new SerializeError(e));
		}
	}
	_importRawKey(e, t) {
		return new Promise((n, r) => {
			t && e.byteLength !== this._nPk && r(/* @__PURE__ */ Error("Invalid length of the key")), !t && e.byteLength !== this._nSk && r(/* @__PURE__ */ Error("Invalid length of the key")), n(new XCryptoKey(this._algName, new Uint8Array(e), t ? "public" : "private", t ? [] : D));
		});
	}
	_importJWK(e, t) {
		return new Promise((n, r) => {
			e.kty !== "OKP" && r(/* @__PURE__ */ Error(`Invalid kty: ${e.kty}`)), e.crv !== this._algName && r(/* @__PURE__ */ Error(`Invalid crv: ${e.crv}`)), t ? (e.d !== void 0 && r(/* @__PURE__ */ Error("Invalid key: `d` should not be set")), typeof e.x != "string" && r(/* @__PURE__ */ Error("Invalid key: `x` not found")), n(new XCryptoKey(this._algName, base64UrlToBytes(e.x), "public"))) : (typeof e.d != "string" && r(/* @__PURE__ */ Error("Invalid key: `d` not found")), n(new XCryptoKey(this._algName, base64UrlToBytes(e.d), "private", D)));
		});
	}
}, ze = ["encrypt", "decrypt"];
// node_modules/@hpke/common/esm/src/utils/noble.js
function isBytes(e) {
	return e instanceof Uint8Array || ArrayBuffer.isView(e) && e.constructor.name === "Uint8Array";
}
function anumber(e, t = "") {
	if (!Number.isSafeInteger(e) || e < 0) {
		let n = t && `"${t}" `;
		throw Error(`${n}expected integer >0, got ${e}`);
	}
}
function abytes(e, t, n = "") {
	let r = isBytes(e), i = e?.length, a = t !== void 0;
	if (!r || a && i !== t) {
		let o = n && `"${n}" `, s = a ? ` of length ${t}` : "", c = r ? `length=${i}` : `type=${typeof e}`;
		throw Error(o + "expected Uint8Array" + s + ", got " + c);
	}
	return e;
}
function aexists(e, t = !0) {
	if (e.destroyed) throw Error("Hash instance has been destroyed");
	if (t && e.finished) throw Error("Hash#digest() has already been called");
}
function aoutput(e, t) {
	abytes(e, void 0, "digestInto() output");
	let n = t.outputLen;
	if (e.length < n) throw Error("\"digestInto() output\" expected to be of length >=" + n);
}
function abignumer(e) {
	if (typeof e == "bigint") {
		if (!isPosBig(e)) throw Error("positive bigint expected, got " + e);
	} else anumber(e);
	return e;
}
function clean(...e) {
	for (let t = 0; t < e.length; t++) e[t].fill(0);
}
(/* @__PURE__ */ new Uint8Array((/* @__PURE__ */ new Uint32Array([287454020])).buffer))[0];
function createView(e) {
	return new DataView(e.buffer, e.byteOffset, e.byteLength);
}
function rotr(e, t) {
	return e << 32 - t | e >>> t;
}
var Be = typeof Uint8Array.from([]).toHex == "function" && typeof Uint8Array.fromHex == "function", Ve = /* @__PURE__ */ Array.from({ length: 256 }, (e, t) => t.toString(16).padStart(2, "0")), He = [
	0n,
	1n,
	2n,
	3n,
	4n,
	5n,
	6n,
	7n,
	8n,
	9n,
	10n,
	11n,
	12n,
	13n,
	14n,
	15n
];
function bytesToHex(e) {
	if (abytes(e), Be) return e.toHex();
	let t = "";
	for (let n = 0; n < e.length; n++) t += Ve[e[n]];
	return t;
}
var O = {
	_0: 48,
	_9: 57,
	A: 65,
	F: 70,
	a: 97,
	f: 102
};
function asciiToBase16(e) {
	if (e >= O._0 && e <= O._9) return e - O._0;
	if (e >= O.A && e <= O.F) return e - (O.A - 10);
	if (e >= O.a && e <= O.f) return e - (O.a - 10);
}
function hexToBytes(e) {
	if (typeof e != "string") throw Error("hex string expected, got " + typeof e);
	if (Be) return Uint8Array.fromHex(e);
	let t = e.length, n = t / 2;
	if (t % 2) throw Error("hex string expected, got unpadded hex of length " + t);
	let r = new Uint8Array(n);
	for (let t = 0, i = 0; t < n; t++, i += 2) {
		let n = asciiToBase16(e.charCodeAt(i)), a = asciiToBase16(e.charCodeAt(i + 1));
		if (n === void 0 || a === void 0) {
			let t = e[i] + e[i + 1];
			throw Error("hex string expected, got non-hex character \"" + t + "\" at index " + i);
		}
		r[t] = n * 16 + a;
	}
	return r;
}
function hexToNumber(e) {
	if (typeof e != "string") throw Error("hex string expected, got " + typeof e);
	let t = w;
	for (let n = 0; n < e.length; n++) {
		let r = asciiToBase16(e.charCodeAt(n));
		if (r === void 0) throw Error("hex string expected, got non-hex character \"" + e[n] + "\" at index " + n);
		t = t << 4n | He[r];
	}
	return t;
}
function numberToBigint(e) {
	anumber(e, "numberToBigint");
	let t = e, n = w, r = 1n;
	for (; t > 0;) t % 2 == 1 && (n += r), t = Math.floor(t / 2), r <<= 1n;
	return n;
}
function bytesToNumberLE(e) {
	return hexToNumber(bytesToHex(copyBytes(abytes(e)).reverse()));
}
function numberToBytesBE(e, t) {
	anumber(t), e = abignumer(e);
	let n = hexToBytes(e.toString(16).padStart(t * 2, "0"));
	if (n.length !== t) throw Error("number too large");
	return n;
}
function numberToBytesLE(e, t) {
	return numberToBytesBE(e, t).reverse();
}
function copyBytes(e) {
	return Uint8Array.from(e);
}
function isPosBig(e) {
	return typeof e == "bigint" && 0n <= e;
}
function inRange(e, t, n) {
	return isPosBig(e) && isPosBig(t) && isPosBig(n) && t <= e && e < n;
}
function aInRange(e, t, n, r) {
	if (!inRange(t, n, r)) throw Error("expected valid " + e + ": " + n + " <= n < " + r + ", got " + t);
}
function validateObject(e, t = {}, n = {}) {
	if (!e || typeof e != "object") throw Error("expected valid options object");
	function checkField(t, n, r) {
		let i = e[t];
		if (r && i === void 0) return;
		let a = typeof i;
		if (a !== n || i === null) throw Error(`param "${t}" is invalid: expected ${n}, got ${a}`);
	}
	let iter = (e, t) => Object.entries(e).forEach(([e, n]) => checkField(e, n, t));
	iter(t, !1), iter(n, !0);
}
async function randomBytesAsync(e = 32) {
	let t = await loadCrypto(), n = new Uint8Array(e);
	return t.getRandomValues(n), n;
}
function oidNist(e) {
	return { oid: Uint8Array.from([
		6,
		9,
		96,
		134,
		72,
		1,
		101,
		3,
		4,
		2,
		e
	]) };
}
// node_modules/@hpke/common/esm/src/hash/hash.js
function ahash(e) {
	if (typeof e != "function" || typeof e.create != "function") throw Error("Hash must wrapped by utils.createHasher");
	anumber(e.outputLen), anumber(e.blockLen);
}
function createHasher(e, t = {}) {
	let hashFn = (t, n) => e(n).update(t).digest(), n = e(void 0), r = Object.assign(hashFn, {
		outputLen: n.outputLen,
		blockLen: n.blockLen,
		create: (t) => e(t),
		...t
	});
	return Object.freeze(r);
}
// node_modules/@hpke/common/esm/src/hash/hmac.js
var _HMAC = class {
	constructor(e, t) {
		if (Object.defineProperty(this, "oHash", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "iHash", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "blockLen", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "outputLen", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "finished", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), Object.defineProperty(this, "destroyed", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), ahash(e), abytes(t, void 0, "key"), this.iHash = e.create(), typeof this.iHash.update != "function") throw Error("Expected instance of class which extends utils.Hash");
		this.blockLen = this.iHash.blockLen, this.outputLen = this.iHash.outputLen;
		let n = this.blockLen, r = new Uint8Array(n);
		r.set(t.length > n ? e.create().update(t).digest() : t);
		for (let e = 0; e < r.length; e++) r[e] ^= 54;
		this.iHash.update(r), this.oHash = e.create();
		for (let e = 0; e < r.length; e++) r[e] ^= 106;
		this.oHash.update(r), clean(r);
	}
	update(e) {
		return aexists(this), this.iHash.update(e), this;
	}
	digestInto(e) {
		aexists(this), abytes(e, this.outputLen, "output"), this.finished = !0, this.iHash.digestInto(e), this.oHash.update(e), this.oHash.digestInto(e), this.destroy();
	}
	digest() {
		let e = new Uint8Array(this.oHash.outputLen);
		return this.digestInto(e), e;
	}
	_cloneInto(e) {
		e ||= Object.create(Object.getPrototypeOf(this), {});
		let { oHash: t, iHash: n, finished: r, destroyed: i, blockLen: a, outputLen: o } = this;
		return e = e, e.finished = r, e.destroyed = i, e.blockLen = a, e.outputLen = o, e.oHash = t._cloneInto(e.oHash), e.iHash = n._cloneInto(e.iHash), e;
	}
	clone() {
		return this._cloneInto();
	}
	destroy() {
		this.destroyed = !0, this.oHash.destroy(), this.iHash.destroy();
	}
}, hmac = (e, t, n) => new _HMAC(e, t).update(n).digest();
hmac.create = (e, t) => new _HMAC(e, t);
// node_modules/@hpke/common/esm/src/hash/md.js
function Chi(e, t, n) {
	return e & t ^ ~e & n;
}
function Maj(e, t, n) {
	return e & t ^ e & n ^ t & n;
}
var HashMD = class {
	constructor(e, t, n, r) {
		Object.defineProperty(this, "blockLen", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "outputLen", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "padOffset", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "isLE", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "buffer", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "view", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "finished", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), Object.defineProperty(this, "length", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "pos", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "destroyed", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), this.blockLen = e, this.outputLen = t, this.padOffset = n, this.isLE = r, this.buffer = new Uint8Array(e), this.view = createView(this.buffer);
	}
	update(e) {
		aexists(this), abytes(e);
		let { view: t, buffer: n, blockLen: r } = this, i = e.length;
		for (let a = 0; a < i;) {
			let o = Math.min(r - this.pos, i - a);
			if (o === r) {
				let t = createView(e);
				for (; r <= i - a; a += r) this.process(t, a);
			} else n.set(e.subarray(a, a + o), this.pos), this.pos += o, a += o, this.pos === r && (this.process(t, 0), this.pos = 0);
		}
		return this.length += e.length, this.roundClean(), this;
	}
	digestInto(e) {
		aexists(this), aoutput(e, this), this.finished = !0;
		let { buffer: t, view: n, blockLen: r, isLE: i } = this, { pos: a } = this;
		t[a++] = 128, clean(this.buffer.subarray(a)), this.padOffset > r - a && (this.process(n, 0), a = 0);
		for (let e = a; e < r; e++) t[e] = 0;
		n.setBigUint64(r - 8, numberToBigint(this.length * 8), i), this.process(n, 0);
		let o = createView(e), s = this.outputLen;
		if (s % 4) throw Error("_sha2: outputLen must be aligned to 32bit");
		let c = s / 4, l = this.get();
		if (c > l.length) throw Error("_sha2: outputLen bigger than state");
		for (let e = 0; e < c; e++) o.setUint32(4 * e, l[e], i);
	}
	digest() {
		let { buffer: e, outputLen: t } = this;
		this.digestInto(e);
		let n = e.slice(0, t);
		return this.destroy(), n;
	}
	_cloneInto(e) {
		e ||= new this.constructor(), e.set(...this.get());
		let { blockLen: t, buffer: n, length: r, finished: i, destroyed: a, pos: o } = this;
		return e.destroyed = a, e.finished = i, e.length = r, e.pos = o, r % t && e.buffer.set(n), e;
	}
	clone() {
		return this._cloneInto();
	}
}, k = /* @__PURE__ */ Uint32Array.from([
	1779033703,
	3144134277,
	1013904242,
	2773480762,
	1359893119,
	2600822924,
	528734635,
	1541459225
]), Ue = /* @__PURE__ */ Uint32Array.from([
	1116352408,
	1899447441,
	3049323471,
	3921009573,
	961987163,
	1508970993,
	2453635748,
	2870763221,
	3624381080,
	310598401,
	607225278,
	1426881987,
	1925078388,
	2162078206,
	2614888103,
	3248222580,
	3835390401,
	4022224774,
	264347078,
	604807628,
	770255983,
	1249150122,
	1555081692,
	1996064986,
	2554220882,
	2821834349,
	2952996808,
	3210313671,
	3336571891,
	3584528711,
	113926993,
	338241895,
	666307205,
	773529912,
	1294757372,
	1396182291,
	1695183700,
	1986661051,
	2177026350,
	2456956037,
	2730485921,
	2820302411,
	3259730800,
	3345764771,
	3516065817,
	3600352804,
	4094571909,
	275423344,
	430227734,
	506948616,
	659060556,
	883997877,
	958139571,
	1322822218,
	1537002063,
	1747873779,
	1955562222,
	2024104815,
	2227730452,
	2361852424,
	2428436474,
	2756734187,
	3204031479,
	3329325298
]), A = /* @__PURE__ */ new Uint32Array(64), SHA2_32B = class extends HashMD {
	constructor(e) {
		super(64, e, 8, !1);
	}
	get() {
		let { A: e, B: t, C: n, D: r, E: i, F: a, G: o, H: s } = this;
		return [
			e,
			t,
			n,
			r,
			i,
			a,
			o,
			s
		];
	}
	set(e, t, n, r, i, a, o, s) {
		this.A = e | 0, this.B = t | 0, this.C = n | 0, this.D = r | 0, this.E = i | 0, this.F = a | 0, this.G = o | 0, this.H = s | 0;
	}
	process(e, t) {
		for (let n = 0; n < 16; n++, t += 4) A[n] = e.getUint32(t, !1);
		for (let e = 16; e < 64; e++) {
			let t = A[e - 15], n = A[e - 2], r = rotr(t, 7) ^ rotr(t, 18) ^ t >>> 3, i = rotr(n, 17) ^ rotr(n, 19) ^ n >>> 10;
			A[e] = i + A[e - 7] + r + A[e - 16] | 0;
		}
		let { A: n, B: r, C: i, D: a, E: o, F: s, G: c, H: l } = this;
		for (let e = 0; e < 64; e++) {
			let t = rotr(o, 6) ^ rotr(o, 11) ^ rotr(o, 25), u = l + t + Chi(o, s, c) + Ue[e] + A[e] | 0, d = (rotr(n, 2) ^ rotr(n, 13) ^ rotr(n, 22)) + Maj(n, r, i) | 0;
			l = c, c = s, s = o, o = a + u | 0, a = i, i = r, r = n, n = u + d | 0;
		}
		n = n + this.A | 0, r = r + this.B | 0, i = i + this.C | 0, a = a + this.D | 0, o = o + this.E | 0, s = s + this.F | 0, c = c + this.G | 0, l = l + this.H | 0, this.set(n, r, i, a, o, s, c, l);
	}
	roundClean() {
		clean(A);
	}
	destroy() {
		this.set(0, 0, 0, 0, 0, 0, 0, 0), clean(this.buffer);
	}
}, _SHA256 = class extends SHA2_32B {
	constructor() {
		super(32), Object.defineProperty(this, "A", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[0] | 0
		}), Object.defineProperty(this, "B", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[1] | 0
		}), Object.defineProperty(this, "C", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[2] | 0
		}), Object.defineProperty(this, "D", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[3] | 0
		}), Object.defineProperty(this, "E", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[4] | 0
		}), Object.defineProperty(this, "F", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[5] | 0
		}), Object.defineProperty(this, "G", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[6] | 0
		}), Object.defineProperty(this, "H", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: k[7] | 0
		});
	}
}, We = /* @__PURE__ */ createHasher(() => new _SHA256(), /* @__PURE__ */ oidNist(1));
// node_modules/@hpke/common/esm/src/curve/modular.js
function mod(e, t) {
	let n = e % t;
	return n >= 0n ? n : t + n;
}
function pow2(e, t, n) {
	let r = e;
	for (; t-- > w;) r *= r, r %= n;
	return r;
}
// node_modules/@hpke/common/esm/src/curve/curve.js
function createKeygen(e, t) {
	return function keygen(n) {
		let r = e(n);
		return {
			secretKey: r,
			publicKey: t(r)
		};
	};
}
// node_modules/@hpke/common/esm/src/curve/montgomery.js
function validateOpts(e) {
	return validateObject(e, {
		adjustScalarBytes: "function",
		powPminus2: "function"
	}), Object.freeze({ ...e });
}
function montgomery(e) {
	let { P: t, type: n, adjustScalarBytes: r, powPminus2: i, randomBytes: a } = validateOpts(e), o = n === "x25519";
	if (!o && n !== "x448") throw Error("invalid type");
	let s = a || randomBytesAsync, c = o ? 255n : 448n, l = o ? 32 : 56, u = o ? 9n : 5n, d = o ? 121665n : 39081n, f = o ? E ** 254n : E ** 447n, p = f + (o ? 8n * E ** 251n - T : 4n * E ** 445n - T) + T, modP = (e) => mod(e, t), m = encodeU(u);
	function encodeU(e) {
		return numberToBytesLE(modP(e), l);
	}
	function decodeU(e) {
		let t = copyBytes(abytes(e, l, "uCoordinate"));
		return o && (t[31] &= 127), modP(bytesToNumberLE(t));
	}
	function decodeScalar(e) {
		return bytesToNumberLE(r(copyBytes(abytes(e, l, "scalar"))));
	}
	function scalarMult(e, t) {
		let n = montgomeryLadder(decodeU(t), decodeScalar(e));
		if (n === 0n) throw Error("invalid private or public key received");
		return encodeU(n);
	}
	function scalarMultBase(e) {
		return scalarMult(e, m);
	}
	let h = scalarMultBase, g = scalarMult;
	function cswap(e, t, n) {
		let r = modP(e * (t - n));
		return t = modP(t - r), n = modP(n + r), {
			x_2: t,
			x_3: n
		};
	}
	function montgomeryLadder(e, n) {
		aInRange("u", e, w, t), aInRange("scalar", n, f, p);
		let r = n, a = e, o = T, s = w, l = e, u = T, m = w;
		for (let e = c - 1n; e >= w; e--) {
			let t = r >> e & T;
			m ^= t, {x_2: o, x_3: l} = cswap(m, o, l), {x_2: s, x_3: u} = cswap(m, s, u), m = t;
			let n = o + s, i = modP(n * n), c = o - s, f = modP(c * c), p = i - f, h = l + u, g = l - u, _ = modP(g * n), ee = modP(h * c), te = _ + ee, ne = _ - ee;
			l = modP(te * te), u = modP(a * modP(ne * ne)), o = modP(i * f), s = modP(p * (i + modP(d * p)));
		}
		({x_2: o, x_3: l} = cswap(m, o, l)), {x_2: s, x_3: u} = cswap(m, s, u);
		let h = i(s);
		return modP(o * h);
	}
	let _ = {
		secretKey: l,
		publicKey: l,
		seed: l
	}, randomSecretKey = async (e) => (e === void 0 && (e = await s(l)), abytes(e, _.seed, "seed"), e), ee = { randomSecretKey };
	return Object.freeze({
		keygen: createKeygen(randomSecretKey, h),
		getSharedSecret: g,
		getPublicKey: h,
		scalarMult,
		scalarMultBase,
		utils: ee,
		GuBytes: m.slice(),
		lengths: _
	});
}
// node_modules/@hpke/dhkem-x25519/esm/src/primitives/x25519.js
var Ge = 1n, Ke = 2n, qe = 3n, Je = 5n, Ye = 57896044618658097711785492504343953926634992332820282019728792003956564819949n;
function ed25519_pow_2_252_3(e) {
	let t = 10n, n = 80n, r = Ye, i = e * e % r * e % r, a = pow2(pow2(i, Ke, r) * i % r, Ge, r) * e % r, o = pow2(a, Je, r) * a % r, s = pow2(o, t, r) * o % r, c = pow2(s, 20n, r) * s % r, l = pow2(c, 40n, r) * c % r;
	return {
		pow_p_5_8: pow2(pow2(pow2(pow2(l, n, r) * l % r, n, r) * l % r, t, r) * o % r, Ke, r) * e % r,
		b2: i
	};
}
function adjustScalarBytes(e) {
	return e[0] &= 248, e[31] &= 127, e[31] |= 64, e;
}
var Xe = /* @__PURE__ */ (() => {
	let e = Ye;
	return montgomery({
		P: e,
		type: "x25519",
		powPminus2: (t) => {
			let { pow_p_5_8: n, b2: r } = ed25519_pow_2_252_3(t);
			return mod(pow2(n, qe, e) * r, e);
		},
		adjustScalarBytes
	});
})(), HkdfSha256$1 = class extends HkdfSha256Native {
	static {
		__name(this, "HkdfSha256");
	}
	async extract(e, t) {
		await this._setup();
		let n = e.byteLength === 0 ? new ArrayBuffer(this.hashSize) : toArrayBuffer(e), r = toArrayBuffer(t);
		if (n.byteLength !== this.hashSize) return hmac(We, new Uint8Array(n), new Uint8Array(r)).buffer;
		let i = await this._api.importKey("raw", n, this.algHash, !1, ["sign"]);
		return await this._api.sign("HMAC", i, r);
	}
}, X25519 = class extends XCurveDhkemPrimitives {
	constructor(e) {
		super("X25519", 32, Xe, e);
	}
	derive(e, t) {
		try {
			return Promise.resolve(this._curve.getSharedSecret(e, t));
		} catch (e) {
			return Promise.reject(new SerializeError(e));
		}
	}
}, Ze = "X-Wing", Qe = new Uint8Array([
	9,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0
]), $e = new Uint8Array([
	92,
	46,
	47,
	47,
	94,
	92
]);
function combiner(e, t, n, r) {
	let i = new Uint8Array(e.length + t.length + n.length + r.length + $e.length);
	return i.set(e, 0), i.set(t, e.length), i.set(n, e.length + t.length), i.set(r, e.length + t.length + n.length), i.set($e, e.length + t.length + n.length + r.length), De.create().update(i).digest();
}
var XWing = class {
	constructor() {
		Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: Ne.XWing
		}), Object.defineProperty(this, "name", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: Ze
		}), Object.defineProperty(this, "secretSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 32
		}), Object.defineProperty(this, "encSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 1120
		}), Object.defineProperty(this, "publicKeySize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 1216
		}), Object.defineProperty(this, "privateKeySize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 32
		}), Object.defineProperty(this, "auth", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: !1
		}), Object.defineProperty(this, "_m", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_x25519", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_api", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this._m = new MlKem768(), this._x25519 = new X25519(new HkdfSha256$1());
	}
	async serializePublicKey(e) {
		await this._setup();
		try {
			return await this._serializePublicKey(e);
		} catch (e) {
			throw new SerializeError(e);
		}
	}
	async deserializePublicKey(e) {
		await this._setup();
		try {
			return await this._deserializePublicKey(toArrayBuffer(e));
		} catch (e) {
			throw new DeserializeError(e);
		}
	}
	async serializePrivateKey(e) {
		await this._setup();
		try {
			return await this._serializePrivateKey(e);
		} catch (e) {
			throw new SerializeError(e);
		}
	}
	async deserializePrivateKey(e) {
		await this._setup();
		try {
			return await this._deserializePrivateKey(toArrayBuffer(e));
		} catch (e) {
			throw new DeserializeError(e);
		}
	}
	async generateKeyPair() {
		await this._setup();
		let e = /* @__PURE__ */ new Uint8Array(32);
		try {
			this._api.getRandomValues(e);
		} catch (e) {
			throw new NotSupportedError(e);
		}
		try {
			let [t, n] = await this._generateKeyPairDerand(e);
			return {
				privateKey: await this.deserializePrivateKey(e.buffer),
				publicKey: await this.deserializePublicKey(n.buffer)
			};
		} catch (e) {
			throw new DeriveKeyPairError(e);
		}
	}
	async generateKeyPairDerand(e) {
		if (e.byteLength !== 32) throw new InvalidParamError("Invalid length of sk");
		try {
			let [t, n] = await this._generateKeyPairDerand(e);
			return {
				privateKey: await this.deserializePrivateKey(e.buffer),
				publicKey: await this.deserializePublicKey(n.buffer)
			};
		} catch (e) {
			throw new DeriveKeyPairError(e);
		}
	}
	async deriveKeyPair(e) {
		await this._setup();
		try {
			let t = toArrayBuffer(e), n = Oe.create({ dkLen: 32 }).update(new Uint8Array(t)).digest(), [r, i] = await this._generateKeyPairDerand(n);
			return {
				privateKey: await this.deserializePrivateKey(n.buffer),
				publicKey: await this.deserializePublicKey(i.buffer)
			};
		} catch (e) {
			throw new DeriveKeyPairError(e);
		}
	}
	async importKey(e, t, n = !0) {
		await this._setup();
		try {
			let r;
			if (e === "jwk") {
				if (t instanceof ArrayBuffer || t instanceof Uint8Array) throw Error("Invalid jwk key format");
				r = await this._importJWK(t, n);
			} else if (t instanceof ArrayBuffer) r = new Uint8Array(t);
			else if (t instanceof Uint8Array) r = t;
			else throw Error("Invalid key format");
			if (n && r.byteLength !== this.publicKeySize || !n && r.byteLength !== this.privateKeySize) throw Error("Invalid length of the key");
			return new XCryptoKey(Ze, r, n ? "public" : "private", n ? [] : D);
		} catch (e) {
			throw new DeserializeError(e);
		}
	}
	async encap(e) {
		let t;
		if (e.ekm !== void 0 && !isCryptoKeyPair(e.ekm) && (t = toArrayBuffer(e.ekm), t.byteLength !== 64)) throw new InvalidParamError("ekm must be 64 bytes in length");
		await this._setup();
		let n, r;
		if (t !== void 0) {
			let e = new Uint8Array(t);
			n = e.subarray(0, 32), r = e.subarray(32, 64);
		} else {
			r = /* @__PURE__ */ new Uint8Array(32);
			try {
				this._api.getRandomValues(r);
			} catch (e) {
				throw new NotSupportedError(e);
			}
		}
		let i = new Uint8Array(await this.serializePublicKey(e.recipientPublicKey));
		if (i.byteLength !== 1216) throw new InvalidParamError("Invalid length of recipientPublicKey");
		try {
			let e = i.subarray(0, 1184), t = i.subarray(1184, 1216), a = await this._x25519.derive(r, Qe), o = await this._x25519.derive(r, t), [s, c] = await this._m.encap(e, n);
			return {
				sharedSecret: combiner(c, o, a, t).buffer,
				enc: concat(s, a).buffer
			};
		} catch (e) {
			throw new EncapError(e);
		}
	}
	async decap(e) {
		let t = toArrayBuffer(e.enc), n = isCryptoKeyPair(e.recipientKey) ? e.recipientKey.privateKey : e.recipientKey;
		if (t.byteLength !== 1120) throw new InvalidParamError("Invalid length of enc");
		let r = new Uint8Array(await this.serializePrivateKey(n));
		if (r.byteLength !== 32) throw new InvalidParamError("Invalid length of recipientKey");
		await this._setup();
		try {
			let [e, n, i, a] = await this._expandDecapsulationKey(r), o = new Uint8Array(t), s = o.subarray(0, 1088), c = o.subarray(1088);
			return combiner(await this._m.decap(s, e), await this._x25519.derive(n, c), c, a).buffer;
		} catch (e) {
			throw new DecapError(e);
		}
	}
	async _setup() {
		this._api === void 0 && (this._api = await loadCrypto());
	}
	async _generateKeyPairDerand(e) {
		let [t, n, r, i] = await this._expandDecapsulationKey(e);
		return [e, concat(r, i)];
	}
	async _expandDecapsulationKey(e) {
		let t = Oe.create({ dkLen: 96 }).update(e).digest(), [n, r] = await this._m.deriveKeyPair(t.subarray(0, 64)), i = t.subarray(64, 96);
		return [
			r,
			i,
			n,
			await this._x25519.derive(i, Qe)
		];
	}
	_serializePublicKey(e) {
		return new Promise((t, n) => {
			e.type !== "public" && n(/* @__PURE__ */ Error("Not public key")), e.algorithm.name !== this.name && n(/* @__PURE__ */ Error(`Invalid algorithm name: ${e.algorithm.name}`)), e.key.byteLength !== this.publicKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.key.byteLength}`)), t(e.key.buffer);
		});
	}
	_deserializePublicKey(e) {
		return new Promise((t, n) => {
			e.byteLength !== this.publicKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.byteLength}`)), t(new XCryptoKey(this.name, new Uint8Array(e), "public"));
		});
	}
	_serializePrivateKey(e) {
		return new Promise((t, n) => {
			e.type !== "private" && n(/* @__PURE__ */ Error("Not private key")), e.algorithm.name !== this.name && n(/* @__PURE__ */ Error(`Invalid algorithm name: ${e.algorithm.name}`)), e.key.byteLength !== this.privateKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.key.byteLength}`)), t(e.key.buffer);
		});
	}
	_deserializePrivateKey(e) {
		return new Promise((t, n) => {
			e.byteLength !== this.privateKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.byteLength}`)), t(new XCryptoKey(this.name, new Uint8Array(e), "private", ["deriveBits"]));
		});
	}
	_importJWK(e, t) {
		return new Promise((n, r) => {
			(e.kty === void 0 || e.kty !== "AKP") && r(/* @__PURE__ */ Error(`Invalid kty: ${e.kty}`)), (e.alg === void 0 || e.alg !== Ze) && r(/* @__PURE__ */ Error(`Invalid alg: ${e.alg}`)), t || (e.priv === void 0 && r(/* @__PURE__ */ Error("Invalid key: `priv` not found")), e.key_ops !== void 0 && (e.key_ops.length !== 1 || e.key_ops[0] !== "deriveBits") && r(/* @__PURE__ */ Error("Invalid key: `key_ops` should be ['deriveBits']")), n(base64UrlToBytes(e.priv))), e.priv !== void 0 && r(/* @__PURE__ */ Error("Invalid key: `priv` should not be set")), e.pub === void 0 && r(/* @__PURE__ */ Error("Invalid key: `pub` not found")), e.key_ops !== void 0 && e.key_ops.length > 0 && r(/* @__PURE__ */ Error("Invalid key: `key_ops` should not be set")), n(base64UrlToBytes(e.pub));
		});
	}
}, et = 1216, tt = 1n << 255n, nt = 2n ** 255n - 19n, rt = 55188659117513257062467267217118295137698188065244968500265048394206261417927n, it = /* @__PURE__ */ new Set([
	0n,
	1n,
	nt - 1n,
	nt,
	nt + 1n,
	rt,
	nt - rt
]), at = new Uint8Array([
	48,
	46,
	2,
	1,
	0,
	48,
	5,
	6,
	3,
	43,
	101,
	112,
	4,
	34,
	4,
	32
]);
async function sha256(e) {
	return new Uint8Array(await crypto.subtle.digest("SHA-256", own(e)));
}
async function keyId(e) {
	return b64((await sha256(e)).subarray(0, 16));
}
var j = class VerifyKey {
	public;
	id;
	#e;
	constructor(e, t, n) {
		this.public = e, this.id = t, this.#e = n;
	}
	static async of(e) {
		if (e.length !== 32) throw new RequestInvalid("a signing key has 32 bytes; copy it whole");
		if (it.has(littleEndian(e) & ~tt)) throw new RequestInvalid("this signing key would accept forgeries; make a new one");
		let t = own(e), n;
		try {
			n = await crypto.subtle.importKey("raw", t, "Ed25519", !0, ["verify"]);
		} catch (e) {
			throw new RequestInvalid("these bytes are no signing key; copy it whole", { cause: e });
		}
		return new VerifyKey(t, await keyId(t), n);
	}
	static async fromText(e) {
		return VerifyKey.of(unb64(e));
	}
	text() {
		return b64(this.public);
	}
	async verify(e, t) {
		if (!await crypto.subtle.verify("Ed25519", this.#e, own(e), own(t))) throw new SignatureInvalid("the signature does not verify; ask for the message again");
	}
}, ot = class SigningKey {
	secret;
	verifyKey;
	constructor(e, t) {
		this.secret = e, this.verifyKey = t;
	}
	static async generate() {
		let e = await crypto.subtle.generateKey("Ed25519", !1, ["sign", "verify"]), t = new Uint8Array(await crypto.subtle.exportKey("raw", e.publicKey));
		return new SigningKey(e.privateKey, await j.of(t));
	}
	static async kept(e, t) {
		let n = new SigningKey(e, await j.of(t)), r = utf8("mien: do these halves belong together?");
		try {
			await n.verifyKey.verify(await n.sign(r), r);
		} catch (e) {
			throw new RequestInvalid("these bytes are another key's public half; restore the storage", { cause: e });
		}
		return n;
	}
	static async fromSecret(e) {
		if (e.length !== 32) throw new RequestInvalid("a signing secret has 32 bytes; restore the key");
		let t = concat$1(at, e), n = await crypto.subtle.importKey("pkcs8", t, "Ed25519", !0, ["sign"]), { x: r } = await crypto.subtle.exportKey("jwk", n), i = await crypto.subtle.importKey("pkcs8", t, "Ed25519", !1, ["sign"]);
		return new SigningKey(i, await j.fromText(r ?? ""));
	}
	async sign(e) {
		return new Uint8Array(await crypto.subtle.sign("Ed25519", this.secret, own(e)));
	}
}, st = class SealKey {
	public;
	constructor(e) {
		if (e.length !== 1216) throw new RequestInvalid(`a sealing key has ${et} bytes; copy it whole`);
		this.public = own(e);
	}
	static fromText(e) {
		return new SealKey(unb64(e));
	}
	text() {
		return b64(this.public);
	}
}, ct = class OpenKey {
	seed;
	sealKey;
	constructor(e, t) {
		this.seed = e, this.sealKey = t;
	}
	static async fromSeed(e) {
		if (e.length !== 32) throw new RequestInvalid("an opening seed has 32 bytes; restore the key");
		let t = new XWing(), n = await t.generateKeyPairDerand(own(e));
		return new OpenKey(own(e), new st(new Uint8Array(await t.serializePublicKey(n.publicKey))));
	}
};
async function derive(e, t, n = 32) {
	let r = await crypto.subtle.importKey("raw", own(e), "HKDF", !1, ["deriveBits"]), i = {
		name: "HKDF",
		hash: "SHA-256",
		salt: /* @__PURE__ */ new Uint8Array(),
		info: utf8(t)
	};
	return new Uint8Array(await crypto.subtle.deriveBits(i, r, n * 8));
}
function own(e) {
	return new Uint8Array(e);
}
function littleEndian(e) {
	return e.reduceRight((e, t) => e << 8n | BigInt(t), 0n);
}
// node_modules/@hpke/core/esm/src/aeads/aesGcm.js
var AesGcmContext = class extends NativeAlgorithm {
	constructor(e) {
		super(), Object.defineProperty(this, "_rawKey", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_key", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this._rawKey = toArrayBuffer(e);
	}
	async seal(e, t, n) {
		await this._setupKey();
		let r = {
			name: "AES-GCM",
			iv: toArrayBuffer(e),
			additionalData: toArrayBuffer(n)
		};
		return await this._api.encrypt(r, this._key, toArrayBuffer(t));
	}
	async open(e, t, n) {
		await this._setupKey();
		let r = {
			name: "AES-GCM",
			iv: toArrayBuffer(e),
			additionalData: toArrayBuffer(n)
		};
		return await this._api.decrypt(r, this._key, toArrayBuffer(t));
	}
	async _setupKey() {
		if (this._key !== void 0) return;
		await this._setup();
		let e = await this._importKey(this._rawKey);
		new Uint8Array(this._rawKey).fill(0), this._key = e;
	}
	async _importKey(e) {
		return await this._api.importKey("raw", e, { name: "AES-GCM" }, !0, ze);
	}
}, Aes128Gcm = class {
	constructor() {
		Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: Fe.Aes128Gcm
		}), Object.defineProperty(this, "keySize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 16
		}), Object.defineProperty(this, "nonceSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 12
		}), Object.defineProperty(this, "tagSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 16
		});
	}
	createEncryptionContext(e) {
		return new AesGcmContext(e);
	}
}, Aes256Gcm = class extends Aes128Gcm {
	constructor() {
		super(...arguments), Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: Fe.Aes256Gcm
		}), Object.defineProperty(this, "keySize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 32
		}), Object.defineProperty(this, "nonceSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 12
		}), Object.defineProperty(this, "tagSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 16
		});
	}
};
// node_modules/@hpke/core/esm/src/utils/emitNotSupported.js
function emitNotSupported() {
	return new Promise((e, t) => {
		t(new NotSupportedError("Not supported"));
	});
}
// node_modules/@hpke/core/esm/src/exporterContext.js
var lt = new Uint8Array([
	115,
	101,
	99
]), ExporterContextImpl = class {
	constructor(e, t, n) {
		Object.defineProperty(this, "_api", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "exporterSecret", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_kdf", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this._api = e, this._kdf = t, this.exporterSecret = n;
	}
	async seal(e, t) {
		return await emitNotSupported();
	}
	async open(e, t) {
		return await emitNotSupported();
	}
	async export(e, t) {
		let n = toArrayBuffer(e);
		if (n.byteLength > 8192) throw new InvalidParamError("Too long exporter context");
		try {
			return await this._kdf.labeledExpand(this.exporterSecret, lt, new Uint8Array(n), t);
		} catch (e) {
			throw new ExportError(e);
		}
	}
}, RecipientExporterContextImpl = class extends ExporterContextImpl {}, SenderExporterContextImpl = class extends ExporterContextImpl {
	constructor(e, t, n, r) {
		super(e, t, n), Object.defineProperty(this, "enc", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this.enc = r;
	}
}, EncryptionContextImpl = class extends ExporterContextImpl {
	constructor(e, t, n) {
		if (super(e, t, n.exporterSecret), Object.defineProperty(this, "_aead", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_nK", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_nN", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_nT", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_ctx", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), n.key === void 0 || n.baseNonce === void 0 || n.seq === void 0) throw Error("Required parameters are missing");
		this._aead = n.aead, this._nK = this._aead.keySize, this._nN = this._aead.nonceSize, this._nT = this._aead.tagSize;
		let r = this._aead.createEncryptionContext(n.key);
		this._ctx = {
			key: r,
			baseNonce: n.baseNonce,
			seq: n.seq
		};
	}
	computeNonce(e) {
		let t = i2Osp(e.seq, e.baseNonce.byteLength);
		return xor(e.baseNonce, t).buffer;
	}
	incrementSeq(e) {
		if (e.seq > 2 ** 53 - 1) throw new MessageLimitReachedError("Message limit reached");
		e.seq += 1;
	}
}, __classPrivateFieldGet$2 = function(e, t, n, r) {
	if (n === "a" && !r) throw TypeError("Private accessor was defined without a getter");
	if (typeof t == "function" ? e !== t || !r : !t.has(e)) throw TypeError("Cannot read private member from an object whose class did not declare it");
	return n === "m" ? r : n === "a" ? r.call(e) : r ? r.value : t.get(e);
}, __classPrivateFieldSet$2 = function(e, t, n, r, i) {
	if (r === "m") throw TypeError("Private method is not writable");
	if (r === "a" && !i) throw TypeError("Private accessor was defined without a setter");
	if (typeof t == "function" ? e !== t || !i : !t.has(e)) throw TypeError("Cannot write private member to an object whose class did not declare it");
	return r === "a" ? i.call(e, n) : i ? i.value = n : t.set(e, n), n;
}, ut, Mutex = class {
	constructor() {
		ut.set(this, Promise.resolve());
	}
	async lock() {
		let e, t = new Promise((t) => {
			e = t;
		}), n = __classPrivateFieldGet$2(this, ut, "f");
		return __classPrivateFieldSet$2(this, ut, t, "f"), await n, e;
	}
};
ut = /* @__PURE__ */ new WeakMap();
// node_modules/@hpke/core/esm/src/recipientContext.js
var __classPrivateFieldGet$1 = function(e, t, n, r) {
	if (n === "a" && !r) throw TypeError("Private accessor was defined without a getter");
	if (typeof t == "function" ? e !== t || !r : !t.has(e)) throw TypeError("Cannot read private member from an object whose class did not declare it");
	return n === "m" ? r : n === "a" ? r.call(e) : r ? r.value : t.get(e);
}, __classPrivateFieldSet$1 = function(e, t, n, r, i) {
	if (r === "m") throw TypeError("Private method is not writable");
	if (r === "a" && !i) throw TypeError("Private accessor was defined without a setter");
	if (typeof t == "function" ? e !== t || !i : !t.has(e)) throw TypeError("Cannot write private member to an object whose class did not declare it");
	return r === "a" ? i.call(e, n) : i ? i.value = n : t.set(e, n), n;
}, M, RecipientContextImpl = class extends EncryptionContextImpl {
	constructor() {
		super(...arguments), M.set(this, void 0);
	}
	async open(e, t = C.buffer) {
		__classPrivateFieldSet$1(this, M, __classPrivateFieldGet$1(this, M, "f") ?? new Mutex(), "f");
		let n = await __classPrivateFieldGet$1(this, M, "f").lock(), r;
		try {
			r = await this._ctx.key.open(this.computeNonce(this._ctx), toArrayBuffer(e), toArrayBuffer(t));
		} catch (e) {
			throw new OpenError(e);
		} finally {
			n();
		}
		return this.incrementSeq(this._ctx), r;
	}
};
M = /* @__PURE__ */ new WeakMap();
// node_modules/@hpke/core/esm/src/senderContext.js
var __classPrivateFieldGet = function(e, t, n, r) {
	if (n === "a" && !r) throw TypeError("Private accessor was defined without a getter");
	if (typeof t == "function" ? e !== t || !r : !t.has(e)) throw TypeError("Cannot read private member from an object whose class did not declare it");
	return n === "m" ? r : n === "a" ? r.call(e) : r ? r.value : t.get(e);
}, __classPrivateFieldSet = function(e, t, n, r, i) {
	if (r === "m") throw TypeError("Private method is not writable");
	if (r === "a" && !i) throw TypeError("Private accessor was defined without a setter");
	if (typeof t == "function" ? e !== t || !i : !t.has(e)) throw TypeError("Cannot write private member to an object whose class did not declare it");
	return r === "a" ? i.call(e, n) : i ? i.value = n : t.set(e, n), n;
}, N, SenderContextImpl = class extends EncryptionContextImpl {
	constructor(e, t, n, r) {
		super(e, t, n), Object.defineProperty(this, "enc", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), N.set(this, void 0), this.enc = r;
	}
	async seal(e, t = C.buffer) {
		__classPrivateFieldSet(this, N, __classPrivateFieldGet(this, N, "f") ?? new Mutex(), "f");
		let n = await __classPrivateFieldGet(this, N, "f").lock(), r;
		try {
			r = await this._ctx.key.seal(this.computeNonce(this._ctx), toArrayBuffer(e), toArrayBuffer(t));
		} catch (e) {
			throw new SealError$1(e);
		} finally {
			n();
		}
		return this.incrementSeq(this._ctx), r;
	}
};
N = /* @__PURE__ */ new WeakMap();
// node_modules/@hpke/core/esm/src/cipherSuiteNative.js
var dt = new Uint8Array([
	98,
	97,
	115,
	101,
	95,
	110,
	111,
	110,
	99,
	101
]), ft = new Uint8Array([
	101,
	120,
	112
]), pt = new Uint8Array([
	105,
	110,
	102,
	111,
	95,
	104,
	97,
	115,
	104
]), mt = new Uint8Array([
	107,
	101,
	121
]), ht = new Uint8Array([
	112,
	115,
	107,
	95,
	105,
	100,
	95,
	104,
	97,
	115,
	104
]), gt = new Uint8Array([
	115,
	101,
	99,
	114,
	101,
	116
]), _t = new Uint8Array([
	72,
	80,
	75,
	69,
	0,
	0,
	0,
	0,
	0,
	0
]), CipherSuiteNative = class extends NativeAlgorithm {
	constructor(e) {
		if (super(), Object.defineProperty(this, "_kem", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_kdf", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_aead", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), Object.defineProperty(this, "_suiteId", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), typeof e.kem == "number") throw new InvalidParamError("KemId cannot be used");
		if (this._kem = e.kem, typeof e.kdf == "number") throw new InvalidParamError("KdfId cannot be used");
		if (this._kdf = e.kdf, typeof e.aead == "number") throw new InvalidParamError("AeadId cannot be used");
		this._aead = e.aead, this._suiteId = new Uint8Array(_t), this._suiteId.set(i2Osp(this._kem.id, 2), 4), this._suiteId.set(i2Osp(this._kdf.id, 2), 6), this._suiteId.set(i2Osp(this._aead.id, 2), 8), this._kdf.init(this._suiteId);
	}
	get kem() {
		return this._kem;
	}
	get kdf() {
		return this._kdf;
	}
	get aead() {
		return this._aead;
	}
	async createSenderContext(e) {
		this._validateInputLength(e), await this._setup();
		let t = await this._kem.encap(e), n;
		return n = e.psk === void 0 ? e.senderKey === void 0 ? S.Base : S.Auth : e.senderKey === void 0 ? S.Psk : S.AuthPsk, await this._keyScheduleS(n, t.sharedSecret, t.enc, e);
	}
	async createRecipientContext(e) {
		this._validateInputLength(e), await this._setup();
		let t = await this._kem.decap(e), n;
		return n = e.psk === void 0 ? e.senderPublicKey === void 0 ? S.Base : S.Auth : e.senderPublicKey === void 0 ? S.Psk : S.AuthPsk, await this._keyScheduleR(n, t, e);
	}
	async seal(e, t, n = C.buffer) {
		let r = await this.createSenderContext(e);
		return {
			ct: await r.seal(t, n),
			enc: r.enc
		};
	}
	async open(e, t, n = C.buffer) {
		return await (await this.createRecipientContext(e)).open(t, n);
	}
	async _keySchedule(e, t, n) {
		let r = n.psk === void 0 ? C : toUint8Array(n.psk.id), i = await this._kdf.labeledExtract(C, ht, r), a = n.info === void 0 ? C : toUint8Array(n.info), o = await this._kdf.labeledExtract(C, pt, a), s = new Uint8Array(1 + i.byteLength + o.byteLength);
		s.set(new Uint8Array([e]), 0), s.set(new Uint8Array(i), 1), s.set(new Uint8Array(o), 1 + i.byteLength);
		let c = n.psk === void 0 ? C : toUint8Array(n.psk.key), l = this._kdf.buildLabeledIkm(gt, c), u = this._kdf.buildLabeledInfo(ft, s, this._kdf.hashSize), d = await this._kdf.extractAndExpand(t, l, u, this._kdf.hashSize);
		if (this._aead.id === Fe.ExportOnly) return {
			aead: this._aead,
			exporterSecret: d
		};
		let f = this._kdf.buildLabeledInfo(mt, s, this._aead.keySize), p = await this._kdf.extractAndExpand(t, l, f, this._aead.keySize), m = this._kdf.buildLabeledInfo(dt, s, this._aead.nonceSize), h = await this._kdf.extractAndExpand(t, l, m, this._aead.nonceSize);
		return {
			aead: this._aead,
			exporterSecret: d,
			key: p,
			baseNonce: new Uint8Array(h),
			seq: 0
		};
	}
	async _keyScheduleS(e, t, n, r) {
		let i = await this._keySchedule(e, t, r);
		return i.key === void 0 ? new SenderExporterContextImpl(this._api, this._kdf, i.exporterSecret, n) : new SenderContextImpl(this._api, this._kdf, i, n);
	}
	async _keyScheduleR(e, t, n) {
		let r = await this._keySchedule(e, t, n);
		return r.key === void 0 ? new RecipientExporterContextImpl(this._api, this._kdf, r.exporterSecret) : new RecipientContextImpl(this._api, this._kdf, r);
	}
	_validateInputLength(e) {
		if (e.info !== void 0 && e.info.byteLength > 268435456) throw new InvalidParamError("Too long info");
		if (e.psk !== void 0) {
			if (e.psk.key.byteLength < 32) throw new InvalidParamError("PSK must have at least 32 bytes");
			if (e.psk.key.byteLength > 8192) throw new InvalidParamError("Too long psk.key");
			if (e.psk.id.byteLength > 8192) throw new InvalidParamError("Too long psk.id");
		}
	}
}, CipherSuite = class extends CipherSuiteNative {}, HkdfSha256 = class extends HkdfSha256Native {}, vt = 1120, yt = 1136, P = {
	ENVELOPE: "mien envelope v1",
	STREAM_KEY: "mien stream key v1",
	CORRECTION: "mien correction v1",
	WHY: "mien why v1",
	EXPORT: "mien export v1",
	RANK: "mien rank v1",
	REWARD: "mien reward v1"
};
function suite() {
	return new CipherSuite({
		kem: new XWing(),
		kdf: new HkdfSha256(),
		aead: new Aes256Gcm()
	});
}
async function seal(e, t, n, ...r) {
	try {
		let i = suite(), a = await i.kem.deserializePublicKey(own(t.public).buffer), o = frame(utf8(n), ...r).buffer, s = await i.createSenderContext({
			recipientPublicKey: a,
			info: o
		});
		return concat$1(new Uint8Array(s.enc), new Uint8Array(await s.seal(own(e).buffer)));
	} catch (e) {
		throw new RequestInvalid("nothing can be sealed to this key; make a new one", { cause: e });
	}
}
async function openSealed(e, t, n, ...r) {
	try {
		let i = suite(), a = await i.kem.importKey("raw", own(t.seed).buffer, !1), o = own(e.subarray(0, vt)).buffer, s = frame(utf8(n), ...r).buffer, c = await i.createRecipientContext({
			recipientKey: a,
			enc: o,
			info: s
		});
		return new Uint8Array(await c.open(own(e.subarray(vt)).buffer));
	} catch (e) {
		throw new EnvelopeInvalid("the sealed message does not open with this key and context; seal it again", { cause: e });
	}
}
async function mac(e, t, ...n) {
	return new Uint8Array(await crypto.subtle.sign("HMAC", await macKey(e, "sign"), frame(utf8(t), ...n)));
}
async function macKey(e, t) {
	return crypto.subtle.importKey("raw", own(e), {
		name: "HMAC",
		hash: "SHA-256"
	}, !1, [t]);
}
function unpad(e) {
	let t = 4 + Number(fromBigEndian(e.subarray(0, 4)));
	if (e.length < t || e.subarray(t).some((e) => e !== 0)) throw new EnvelopeInvalid("the padding is damaged; ask for the message again");
	return own(e.subarray(4, t));
}
// src/wire/shapes.ts
function wrong(e, t) {
	return new RequestInvalid(`\`${e}\` is wrong: ${t}`);
}
function text(e = null, t = 2 ** 53 - 1, n = 0) {
	return (r, i) => {
		if (typeof r != "string") throw wrong(i, "expected a text");
		let a = characters(r);
		if (a > t || a < n) throw wrong(i, `expected ${n} to ${t} characters`);
		if (e !== null && !e.test(r)) throw wrong(i, "expected another form of text");
		return r;
	};
}
function whole(e, t) {
	return (n, r) => {
		if (typeof n != "number" || !Number.isSafeInteger(n) || n < e || n > t) throw wrong(r, `expected a whole number from ${e} to ${t}`);
		return n;
	};
}
var truth = (e, t) => {
	if (typeof e != "boolean") throw wrong(t, "expected true or false");
	return e;
};
function word(...e) {
	return (t, n) => {
		let r = e.find((e) => e === t);
		if (r === void 0) throw wrong(n, "expected one of its words");
		return r;
	};
}
function list(e, t = 2 ** 53 - 1, n = 0) {
	return (r, i) => {
		if (!Array.isArray(r)) throw wrong(i, "expected a list");
		if (r.length > t || r.length < n) throw wrong(i, `expected ${n} to ${t} of them`);
		return r.map((t, n) => e(t, `${i}.${n}`));
	};
}
function maybe(e) {
	return (t, n) => t === null ? null : e(t, n);
}
function or(e, t) {
	return (n, r) => n === void 0 ? t : e(n, r);
}
function object$1(e, t, n = () => null) {
	return (r, i) => {
		let a = i === "" ? e : i, o = objectOf(r, a);
		if (Object.keys(o).some((e) => !Object.hasOwn(t, e))) throw wrong(a, "unknown fields are refused");
		let s = read$1(t, o, a), c = n(s);
		if (c !== null) throw wrong(a, c);
		return s;
	};
}
__name(object$1, "object");
function open(e, t) {
	return (n, r) => {
		let i = r === "" ? e : r;
		return read$1(t, objectOf(n, i), i);
	};
}
function objectOf(e, t) {
	if (!isObject(e)) throw wrong(t, "expected an object");
	return e;
}
function read$1(e, t, n) {
	let r = Object.entries(e).map(([e, r]) => [e, r(Object.hasOwn(t, e) ? t[e] : void 0, `${n}.${e}`)]);
	return Object.fromEntries(r);
}
__name(read$1, "read");
function parse(e, t) {
	return e(t, "");
}
var bt = 517, xt = 31, F = 15, St = 255, Ct = 65535, wt = 4294967295, Tt = [
	["present", 1],
	["expression", 3],
	["second", 4],
	["state", 3],
	["polarity", 2],
	["valence", 5],
	["arousal", 5],
	["confidence", 4],
	["window", 6],
	["source", 2],
	["model", 8],
	["since", 16],
	["zero", 5]
];
function pack(e, t) {
	if (!within(t, 0, 4294967295)) throw new LabelInvalid("the base time of an envelope is in whole unix seconds; correct the clock");
	if (e.length > 64) throw new LabelInvalid("an envelope holds 64 labels; send the rest in the next");
	let n = new Uint8Array(8 * (64 - e.length));
	return concat$1(bigEndian(1, 1), bigEndian(t, 4), ...e.map((e) => packSlot(e, t)), n);
}
function packSlot(e, t) {
	check(e);
	let n = e.ended_at - t;
	if (!within(n, 0, Ct)) throw new LabelInvalid("the label lies outside the time this envelope can hold; start a new envelope");
	let r = {
		present: 1,
		expression: o.indexOf(e.expression),
		second: e.second === null ? 0 : 1 + o.indexOf(e.second),
		state: s.indexOf(e.state),
		polarity: c.indexOf(e.polarity),
		valence: e.valence === null ? xt : e.valence + F,
		arousal: e.arousal === null ? xt : e.arousal + F,
		confidence: e.confidence,
		window: e.window - 1,
		source: l.indexOf(e.source),
		model: e.model,
		since: n,
		zero: 0
	};
	return bigEndian(Tt.reduce((e, [t, n]) => e << BigInt(n) | BigInt(r[t]), 0n), 8);
}
function check(e) {
	let t = [
		o.includes(e.expression),
		e.second === null || o.includes(e.second),
		e.second !== e.expression,
		s.includes(e.state),
		c.includes(e.polarity),
		l.includes(e.source)
	], n = [
		within(e.confidence, 0, 15),
		within(e.window, 1, 64),
		within(e.model, 0, St),
		e.valence === null || within(e.valence, -15, F),
		e.arousal === null || within(e.arousal, -15, F),
		within(e.ended_at, 0, wt)
	];
	if (![...t, ...n].every(Boolean)) throw new LabelInvalid("the label is outside the closed vocabulary; see the reference of labels");
}
function within(e, t, n) {
	return Number.isInteger(e) && t <= e && e <= n;
}
var Et = bt + yt, Dt = 67108864;
function bytes(e) {
	return RegExp(`^[A-Za-z0-9_-]{${Math.ceil(e * 4 / 3)}}$`);
}
var Ot = /^[a-z][a-z0-9-]{1,40}$/, I = text(Ot), L = text(/^sub_[a-z2-7]{26}$/), R = text(/^[a-z]{2,4}_[a-z2-7]{26}$/), kt = text(/^[a-z]{2,4}_[a-z2-7]{26}(-[0-6][0-9])?$/), At = text(bytes(16)), jt = text(bytes(16)), z = text(bytes(32)), Mt = text(bytes(32)), Nt = text(bytes(1216)), Pt = text(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/), B = whole(0, 4294967295), Ft = text(/^[A-Z]{2}(-[A-Z]{2})?$/), It = /^[a-z]{2}$/, V = word(...u), Lt = list(V, u.length, 1), Rt = whole(0, 255), zt = text(null, 4e3), H = whole(-(2 ** 53 - 1), 2 ** 53 - 1), U = list(text()), Bt = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, W = text(Bt, 32768), G = or(word(1), 1), Vt = object$1("SealKeyDoc", {
	kid: Pt,
	public: Nt,
	not_before: B,
	not_after: B
}), Ht = object$1("Limits", {
	envelope_bytes: or(H, Et),
	candidates: or(H, 200),
	places: or(H, 20),
	clock_skew: or(H, 120)
}), Ut = object$1("Service", {
	v: G,
	audit_origin: text(),
	audit_key: text(),
	seal_keys: list(Vt, 8, 1),
	bundle_version: text(),
	bundle_sha256: z,
	limits: or(Ht, {
		envelope_bytes: Et,
		candidates: 200,
		places: 20,
		clock_skew: 120
	}),
	at: B
}), Wt = object$1("SignedAnswer", { jws: W }), Gt = object$1("PurposeDoc", {
	id: V,
	title: text(null, 120),
	text: zt
}), Kt = object$1("Notice", {
	v: G,
	site: I,
	locale: text(It),
	version: text(null, 40),
	title: text(null, 200),
	text: text(null, 2e4),
	purposes: list(Gt, u.length, 1),
	controller: text(null, 200),
	contact: text(null, 200),
	retention_days: whole(0, 36500),
	release: zt
}), qt = object$1("ClaimsDoc", {
	jurisdictions: list(Ft, 8, 1),
	sector: word(...d),
	role: word(...f),
	age_band: word(...p),
	gpc: truth
}), Jt = object$1("KeyDoc", {
	role: word(...g),
	sign: Mt,
	seal: or(maybe(Nt), null),
	stream_kid: or(maybe(Pt), null),
	sealed_stream_key: or(maybe(text(bytes(32 + yt))), null)
}, (e) => [
	e.seal,
	e.stream_kid,
	e.sealed_stream_key
].map((e) => e !== null).every((t) => t === (e.role === "device")) ? null : "a device has sealing and stream keys, any other key has none"), K = {
	v: G,
	site: I,
	subject: L,
	at: B,
	nonce: jt
}, Yt = {
	...K,
	model: or(Rt, 0)
}, Xt = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u, Zt = object$1("ReleaseDoc", {
	name: text(null, 120, 2),
	text_sha256: z,
	at: B
}, ({ name: e }) => {
	let t = e.match(/\p{L}/gu)?.length ?? 0;
	return !Xt.test(e) && e === e.trim() && t >= 2 ? null : "a written release bears a name: letters, and nothing invisible";
}), Qt = object$1("GuardianDoc", {
	approval: W,
	verification: or(maybe(W), null)
}), $t = object$1("ConsentStatement", {
	...Yt,
	keys: list(Jt, 4, 1),
	notice_sha256: z,
	locale: text(It),
	purposes: Lt,
	claims: qt,
	release: or(maybe(Zt), null),
	guardian: or(maybe(Qt), null),
	renewal: or(truth, !1),
	method: text(/^[a-z-]{2,40}$/),
	site_handle: or(maybe(z), null)
}, (e) => consistent(e));
function consistent(e) {
	let t = e.keys.map((e) => e.role);
	return t[0] === "device" ? new Set(e.purposes).size === e.purposes.length ? new Set(t).size !== t.length || t.includes("link") ? "a consent names its device and at most one recovery and one guardian's key; others join with `/v1/keys`" : e.guardian !== null === t.includes("guardian") ? e.site_handle !== null === e.purposes.includes("bind_account") ? null : "a site handle needs the purpose bind_account, and the other way round" : "a guardian's consent names the guardian's key" : "each purpose is named once" : "the first key is the device that signs";
}
var en = object$1("WithdrawalStatement", {
	...Yt,
	purposes: Lt
}), tn = object$1("CapabilityRequest", Yt), nn = object$1("KeyChange", {
	...Yt,
	add: or(maybe(Jt), null),
	possession: or(maybe(W), null),
	expires_at: or(B, 0),
	remove: or(maybe(At), null)
}, (e) => {
	if (e.add === null == (e.remove === null)) return "a key change adds one key or removes one";
	if (e.add === null != (e.possession === null)) return "a new key signs that it wants to join, and only a new one";
	let t = e.add !== null && e.add.role === "link";
	return e.expires_at > 0 === t ? null : "a link key says when it ends, and no other does";
}), rn = object$1("KeyPossession", K), an = object$1("ExportRequest", {
	...K,
	seal: Nt
}), on = object$1("CorrectionStatement", {
	...K,
	record: kt,
	kid: Pt,
	sealed: text(bytes(12 + yt))
}), sn = object$1("ErasureStatement", K), cn = object$1("Promise", {
	origin: text(),
	leaf: z,
	publish_by: B
}), ln = object$1("Refusal", {
	purpose: V,
	laws: U,
	says: U
}), un = object$1("Receipt", {
	v: G,
	receipt: R,
	site: I,
	subject: L,
	outcome: word("given", "renewed", "refused", "withdrawn", "revoked", "expired", "invalidated"),
	purposes: list(V),
	refused: or(list(ln), []),
	withdrawn: or(list(V), []),
	laws: U,
	says: U,
	notice_sha256: z,
	statement_sha256: z,
	jurisdictions: list(Ft),
	by: word(...g),
	bundle_version: text(),
	bundle_sha256: z,
	at: B,
	expires_at: B,
	promise: cn
}), dn = object$1("Capability", {
	v: G,
	site: I,
	subject: L,
	device: At,
	may: list(word("infer", "send", "contribute")),
	purposes: list(V),
	model: Rt,
	bundle_sha256: z,
	issued_at: B,
	expires_at: B
}), q = object$1("ConsentAnswer", {
	receipt: W,
	capability: maybe(W)
}), fn = object$1("CapabilityAnswer", { capability: W }), pn = object$1("Certificate", {
	v: G,
	erasure: R,
	site: I,
	stage: word("accepted", "completed"),
	accepted_at: B,
	completed_at: maybe(B),
	complete_by: B,
	key_destroyed: truth,
	records_deleted: H,
	events_subtracted: H,
	backups_unreadable_by: B,
	held_until: or(maybe(B), null),
	promise: cn
}), mn = object$1("ErasureAnswer", {
	erasure: R,
	certificate: W
}), hn = object$1("ExportSeal", {
	v: G,
	site: I,
	subject: L,
	at: B,
	sha256: z
}), gn = object$1("ExportAnswer", {
	sealed: text(null, Dt),
	signature: W
}), J = object$1("Accepted", {
	accepted: or(word(!0), !0),
	duplicate: or(truth, !1)
}), _n = object$1("Envelope", {
	v: G,
	site: I,
	subject: L,
	device: At,
	seq: whole(1, 2 ** 53 - 1),
	kid: Pt,
	ct: text(bytes(Et)),
	mac: z
});
function envelopeContext(e, t, n, r, i) {
	return [
		utf8(e),
		utf8(t),
		utf8(n),
		bigEndian(r, 8),
		utf8(i)
	];
}
var vn = object$1("OfferDoc", {
	id: text(/^[A-Za-z0-9_.:-]{1,64}$/),
	title: text(null, 200),
	price: whole(0, 10 ** 12),
	currency: or(text(/^[A-Z]{3}$/), "EUR"),
	tags: or(list(text(/^[a-z0-9_-]{1,40}$/), 16), []),
	stock: or(whole(0, 10 ** 9), 1)
}), yn = {
	asker: or(maybe(object$1("Asker", {
		subject: L,
		device: At,
		at: B
	})), null),
	mac: or(maybe(z), null)
};
function both(e) {
	return e.asker === null == (e.mac === null) ? null : "an asker is authenticated by a MAC, and the other way round";
}
var bn = object$1("RankRequest", {
	v: G,
	...yn,
	site: I,
	request: jt,
	page: or(text(/^[a-z0-9_/-]{1,64}$/), "home"),
	places: or(whole(1, 20), 5),
	candidates: or(maybe(list(vn, 200, 1)), null)
}, (e) => both(e)), xn = object$1("RankAnswer", {
	event: R,
	places: list(object$1("PlaceDoc", {
		place: whole(1, 20),
		offer: vn
	})),
	sealed_why: maybe(text(null, 32768))
}), Sn = object$1("Why", {
	used_emotion: truth,
	why: zt,
	places: list(zt),
	laws: U
}), Cn = object$1("RewardRequest", {
	v: G,
	...yn,
	site: I,
	event: R,
	place: or(whole(1, 20), 1),
	reward: whole(0, 100)
}, (e) => both(e));
async function authenticate(e, t, n, r) {
	let { mac: i, ...a } = {
		...e,
		asker: t,
		mac: null
	};
	return {
		...e,
		asker: t,
		mac: b64(await mac(n, r, encode(a)))
	};
}
var wn = object$1("ProofAnswer", {
	proof: text(),
	entry: text(null, 1024)
}), Tn = open("Problem", {
	type: text(),
	title: text(),
	status: H,
	detail: text(),
	code: text(),
	laws: or(U, [])
}), En = "Ed25519", Dn = 32768, Y = {
	CONSENT: "mien-consent+jws",
	WITHDRAWAL: "mien-withdrawal+jws",
	CAPABILITY_REQUEST: "mien-capability-request+jws",
	KEY_CHANGE: "mien-key-change+jws",
	KEY_POSSESSION: "mien-key-possession+jws",
	EXPORT_REQUEST: "mien-export-request+jws",
	CORRECTION: "mien-correction+jws",
	ERASURE: "mien-erasure+jws",
	SERVICE: "mien-service+jws",
	RECEIPT: "mien-receipt+jws",
	CAPABILITY: "mien-capability+jws",
	CERTIFICATE: "mien-certificate+jws",
	EXPORT: "mien-export+jws"
};
async function sign(e, t, n) {
	let r = `${b64(encode({
		alg: En,
		kid: n.verifyKey.id,
		typ: e
	}))}.${b64(encode(t))}`;
	return `${r}.${b64(await n.sign(utf8(r)))}`;
}
async function verify(e, t, n) {
	let { header: r, payload: i, signed: a, signature: o } = parts(e);
	if (!equal(encode(r), encode({
		alg: "Ed25519",
		kid: n.id,
		typ: t
	}))) throw new SignatureInvalid(`not a \`${t}\` signed by the expected key; ask for it again`);
	return await n.verify(spelledSignature(o), utf8(a)), i;
}
function spelledSignature(e) {
	try {
		return unb64(e);
	} catch (e) {
		throw e instanceof MienError ? new SignatureInvalid("the signature does not verify; ask for the message again", { cause: e }) : e;
	}
}
function namedKind(e) {
	let t = parts(e).header.typ;
	if (typeof t != "string") throw new RequestInvalid("the statement names no kind; build it with `consent`");
	return t;
}
function unverified(e) {
	return parts(e).payload;
}
function parts(e) {
	let [t, n, r, ...i] = e.split(".", 4);
	if (e.length > 32768 || t === void 0 || n === void 0 || r === void 0 || i.length > 0) throw new RequestInvalid("not a signed statement; send JWS compact");
	return {
		header: object(unb64(t)),
		payload: object(unb64(n)),
		signed: `${t}.${n}`,
		signature: r
	};
}
function object(e) {
	let t = decode(e, Dn);
	if (!isObject(t)) throw new RequestInvalid("a signed statement holds an object; see the reference of the wire format");
	return t;
}
async function noticeHash(e) {
	return b64(await sha256(encode(e)));
}
async function statementHash(e) {
	return b64(await sha256(utf8(e)));
}
async function openService(e, t, n) {
	let r = await opened(e, Y.SERVICE, t, Ut, (e) => new ServerAnswerInvalid("the service document is not signed by the trusted key; check the server address and the trust key", { cause: e }));
	if (r.at > n + 120) throw new ClockSkewed("the server's clock is ahead of this device by more than two minutes; set the clock");
	return r;
}
async function openReceipt(e, t, n, r, i = null) {
	let a = await opened(e, Y.RECEIPT, t, un, (e) => new ReceiptInvalid("the receipt is not signed by the trusted key; do not rely on it and ask again", { cause: e }));
	if (a.site !== n || a.subject !== r) throw new ReceiptInvalid("the receipt is for another site or person; ask again");
	if (i !== null && a.statement_sha256 !== await statementHash(i)) throw new ReceiptInvalid("the receipt answers another statement; ask again");
	return a;
}
async function openCapability(e, t, n, r, i) {
	let a = await opened(e, Y.CAPABILITY, t, dn, (e) => new CapabilityInvalid("the capability is not signed by the trusted key; ask the server for another", { cause: e }));
	if (a.site !== n || a.subject !== r || a.device !== i) throw new CapabilityInvalid("the capability was given to another site, person or device; ask for one of your own");
	let o = a.expires_at - a.issued_at;
	if (o <= 0 || o > 300) throw new CapabilityInvalid("the capability claims to live longer than five minutes; ask for another");
	return a;
}
async function openCertificate(e, t, n, r) {
	let i = await opened(e, Y.CERTIFICATE, t, pn, (e) => new ReceiptInvalid("the certificate is not signed by the trusted key; ask for it again", { cause: e }));
	if (i.site !== n || i.erasure !== r) throw new ReceiptInvalid("the certificate is for another erasure; ask for it again");
	return i;
}
async function opened(e, t, n, r, i) {
	try {
		return parse(r, await verify(e, t, n));
	} catch (e) {
		throw e instanceof SignatureInvalid || e instanceof RequestInvalid ? i(e) : e;
	}
}
var On = 16, kn = 4, An = "abcdefghijklmnopqrstuvwxyz234567";
function newCode(e) {
	return base32(e).match(RegExp(`.{1,${kn}}`, "g"))?.join("-") ?? "";
}
function readCode(e) {
	let t = e.replaceAll(/[\s-]/g, "").toLowerCase(), n = [...t].map((e) => An.indexOf(e));
	if (t.length !== 32 || n.includes(-1)) throw new RequestInvalid("a recovery code has eight groups of four; copy it whole");
	let r = n.reduce((e, t) => e << 5n | BigInt(t), 0n), i = /* @__PURE__ */ new Uint8Array(20);
	for (let e = 0; e < 20; e += 1) i[e] = Number(r >> BigInt(8 * (19 - e)) & 255n);
	return i;
}
async function recoveryKey(e) {
	return ot.fromSecret(await derive(e, "mien recovery key v1"));
}
async function subjectOf(e) {
	return `sub_${base32(await derive(e, "mien subject v1", On))}`;
}
function base32(e) {
	let t = Math.ceil(e.length * 8 / 5), n = fromBigEndian(e) << BigInt(t * 5 - e.length * 8), value = (e) => Number(n >> BigInt(5 * (t - 1 - e)) & 31n);
	return Array.from({ length: t }, (e, t) => An.charAt(value(t))).join("");
}
var jn = "the capability is older than its five minutes; connect to the server to renew it", Gate = class {
	trust;
	site;
	subject;
	device;
	#e = null;
	#t = null;
	#n = 0;
	constructor(e, t, n, r) {
		this.trust = e, this.site = t, this.subject = n, this.device = r;
	}
	async admit(e, t, n) {
		if (e !== null && e === this.#e || (this.shut(), e === null)) return;
		let r = await openCapability(e, this.trust, this.site, this.subject, this.device);
		this.#e = e, this.#t = r, this.#n = n + (r.expires_at - t);
	}
	shut() {
		this.#e = null, this.#t = null;
	}
	require(e, t, n, r = null) {
		let i = this.#t;
		if (i === null) throw new ConsentMissing("the person has not said yes, or took it back; show the notice and ask");
		if (inTime(i, t), n >= this.#n) throw new CapabilityExpired(jn);
		if (!i.may.includes(e) || i.purposes.length === 0) throw new ConsentMissing(`the server's policy does not allow \`${e}\` now; see the laws in the receipt`);
		if (r !== null && !i.purposes.includes(r)) throw new ConsentMissing(`the person has not said yes to \`${r}\`; ask for that purpose`);
		if (e === "infer" && i.model === 0) throw new CapabilityInvalid("the capability names no model, so no face may be read on it; ask for consent to read");
		return i;
	}
	remaining(e, t) {
		return this.#t === null ? 0 : Math.max(0, Math.min(this.#t.expires_at - e, this.#n - t));
	}
};
function inTime(e, t) {
	if (t >= e.expires_at) throw new CapabilityExpired(jn);
	if (t < e.issued_at - 120) throw new ClockSkewed("this device's clock is more than two minutes behind the server's; set the clock");
}
// src/wire/lifecycle.ts
var Mn = {
	withdraw: "withdrawn",
	revoke: "revoked",
	expire: "expired",
	invalidate: "invalidated"
}, Nn = {
	ask: "requested",
	defer: "deferred",
	refuse: "refused"
}, Pn = [
	"none",
	"requested",
	"deferred",
	"refused"
];
function stands(e) {
	return h.includes(e);
}
function after(e, t) {
	switch (t) {
		case "give": return stands(e) ? "renewed" : "given";
		case "renew":
			if (stands(e)) return "renewed";
			throw new ConsentMissing(`a consent that is \`${e}\` cannot be renewed; show the notice and ask anew`);
		case "withdraw":
		case "revoke":
		case "expire":
		case "invalidate": return stands(e) ? Mn[t] : e;
		case "ask":
		case "defer":
		case "refuse": return Pn.includes(e) ? Nn[t] : e;
	}
}
var Fn = list(word(...u), u.length), In = text(/^[A-Za-z0-9_-]{43}$/), Ln = maybe(text(Bt, 32768)), Rn = object$1("Person", {
	v: word(1),
	site: text(null, 41),
	subject: text(/^sub_[a-z2-7]{26}$/),
	device: In,
	seed: In,
	stream_key: In,
	purposes: Fn,
	state: word(...m),
	expires_at: whole(0, 4294967295),
	ask_again: truth,
	unanswered: Fn,
	receipt: Ln,
	capability: Ln,
	withdrawing: Fn,
	erasing: truth,
	recovery: maybe(text(null, 64))
});
async function newPerson(e, t, n, r, i) {
	return {
		site: e,
		subject: t,
		sign: n,
		recovery: i,
		seal: await ct.fromSeed(r(32)),
		streamKey: r(32),
		purposes: [],
		state: "none",
		expiresAt: 0,
		askAgain: !1,
		unanswered: [],
		receipt: null,
		capability: null,
		withdrawing: [],
		erasing: !1
	};
}
function ranOut(e, t) {
	return stands(e.state) && e.expiresAt > 0 && e.expiresAt <= t;
}
function expired(e) {
	return {
		...e,
		state: after(e.state, "expire"),
		purposes: [],
		capability: null,
		askAgain: !0
	};
}
function without(e, t) {
	let n = [.../* @__PURE__ */ new Set([...e.purposes, ...e.unanswered])], r = e.purposes.filter((e) => !t.includes(e));
	return {
		...e,
		purposes: r,
		unanswered: e.unanswered.filter((e) => !t.includes(e)),
		withdrawing: [.../* @__PURE__ */ new Set([...e.withdrawing, ...n.filter((e) => t.includes(e))])],
		capability: null,
		state: r.length > 0 ? e.state : after(e.state, "withdraw"),
		askAgain: e.askAgain && r.length > 0
	};
}
function personJson(e) {
	return {
		v: 1,
		site: e.site,
		subject: e.subject,
		device: e.sign.verifyKey.text(),
		seed: b64(e.seal.seed),
		stream_key: b64(e.streamKey),
		purposes: e.purposes,
		state: e.state,
		expires_at: e.expiresAt,
		ask_again: e.askAgain,
		unanswered: e.unanswered,
		receipt: e.receipt,
		capability: e.capability,
		withdrawing: e.withdrawing,
		erasing: e.erasing,
		recovery: e.recovery
	};
}
function readPerson(e) {
	return parse(Rn, e);
}
async function personFrom(e, t) {
	return {
		site: e.site,
		subject: e.subject,
		sign: t,
		seal: await ct.fromSeed(unb64(e.seed)),
		streamKey: unb64(e.stream_key),
		purposes: e.purposes,
		state: e.state,
		expiresAt: e.expires_at,
		askAgain: e.ask_again,
		unanswered: e.unanswered,
		receipt: e.receipt,
		capability: e.capability,
		withdrawing: e.withdrawing,
		erasing: e.erasing,
		recovery: e.recovery
	};
}
// src/consent/statements.ts
async function consent(e, t, n, r, i) {
	let a = [await deviceKey(e, r)];
	return i !== null && a.push({
		role: "recovery",
		sign: i.text()
	}), signed(Y.CONSENT, $t, e.sign, {
		...by(e, t),
		keys: a,
		notice_sha256: await noticeHash(n.notice),
		locale: n.notice.locale,
		purposes: [...n.purposes],
		claims: claimed(n.claims),
		release: n.release === null ? null : await released(n.notice, n.release),
		renewal: n.renewal,
		method: n.method
	});
}
function claimed(e) {
	return parse(qt, {
		jurisdictions: [...e.jurisdictions],
		sector: e.sector ?? "retail",
		role: e.role ?? "customer",
		age_band: e.age_band ?? "undeclared",
		gpc: e.gpc ?? !1
	});
}
async function released(e, t) {
	if (e.release === "") throw new RequestInvalid("this notice has no release to sign; leave `release` out");
	return parse(Zt, {
		name: t.name,
		text_sha256: b64(await sha256(utf8(e.release))),
		at: t.at
	});
}
async function deviceKey(e, t) {
	let n = [
		utf8(e.site),
		utf8(e.subject),
		utf8(e.sign.verifyKey.id)
	];
	return {
		role: "device",
		sign: e.sign.verifyKey.text(),
		seal: e.seal.sealKey.text(),
		stream_kid: t.kid,
		sealed_stream_key: b64(await seal(e.streamKey, t.key, P.STREAM_KEY, ...n))
	};
}
async function withdraw(e, t, n) {
	return signed(Y.WITHDRAWAL, en, e.sign, {
		...by(e, t),
		purposes: [...n]
	});
}
async function askCapability(e, t) {
	return signed(Y.CAPABILITY_REQUEST, tn, e.sign, by(e, t));
}
async function askExport(e, t) {
	return signed(Y.EXPORT_REQUEST, an, e.sign, {
		...by(e, t),
		seal: e.seal.sealKey.text()
	});
}
async function correct(e, t, n, r, i) {
	let a = concat$1(bigEndian(r.ended_at, 4), packSlot(r, r.ended_at)), o = [
		utf8(e.site),
		utf8(e.subject),
		utf8(n)
	];
	return signed(Y.CORRECTION, on, e.sign, {
		...by(e, t),
		record: n,
		kid: i.kid,
		sealed: b64(await seal(a, i.key, P.CORRECTION, ...o))
	});
}
async function erase(e, t) {
	return signed(Y.ERASURE, sn, e.sign, by(e, t));
}
async function join(e, t, n, r) {
	let i = await signed(Y.KEY_POSSESSION, rn, e.sign, by(e, t));
	return signed(Y.KEY_CHANGE, nn, r, {
		...by(e, t),
		add: await deviceKey(e, n),
		possession: i
	});
}
function by(e, t) {
	return {
		v: 1,
		site: e.site,
		subject: e.subject,
		at: t.at,
		nonce: b64(t.nonce)
	};
}
async function signed(e, t, n, r) {
	return sign(e, parse(t, r), n);
}
// src/send/answers.ts
var zn = 1048576, Bn = Dt + 1024, Vn = 400, Hn = 400;
function limitOf(e) {
	return e === gn ? Bn : zn;
}
function readAnswer(e, t, n, r) {
	let i = n.split(";", 1)[0]?.trim().toLowerCase();
	if (t >= Vn) throw refused$1(t, i, r);
	if (i !== "application/json") throw garbage("has the wrong content type");
	try {
		return parse(e, decode(r, limitOf(e)));
	} catch (e) {
		throw e instanceof RequestInvalid ? garbage("is not what the protocol says", e) : e;
	}
}
function refused$1(e, t, n) {
	if (t !== "application/problem+json") return garbage(`is an error ${e} without a problem document`);
	try {
		let t = parse(Tn, decode(n, zn));
		return new RequestRefused(oneLine(t.detail), e, t.code.slice(0, 80), t.laws.slice(0, 32));
	} catch (t) {
		if (t instanceof RequestInvalid) return garbage(`is an error ${e} with a damaged problem document`, t);
		throw t;
	}
}
__name(refused$1, "refused");
function garbage(e, t) {
	return new ServerAnswerInvalid(`the server's answer ${e}; check that the address is a mien server`, { cause: t });
}
function oneLine(e) {
	return e.slice(0, Hn).replaceAll(/[\p{C}\p{Z}]/gu, " ");
}
// src/send/outbound.ts
var Un = /* @__PURE__ */ new Map([
	[Y.CONSENT, {
		path: "/v1/consents",
		answer: q,
		again: !1
	}],
	[Y.WITHDRAWAL, {
		path: "/v1/withdrawals",
		answer: q,
		again: !1
	}],
	[Y.CAPABILITY_REQUEST, {
		path: "/v1/capabilities",
		answer: fn,
		again: !1
	}],
	[Y.KEY_CHANGE, {
		path: "/v1/keys",
		answer: q,
		again: !1
	}],
	[Y.EXPORT_REQUEST, {
		path: "/v1/me",
		answer: gn,
		again: !1
	}],
	[Y.CORRECTION, {
		path: "/v1/me/corrections",
		answer: J,
		again: !1
	}],
	[Y.ERASURE, {
		path: "/v1/erasures",
		answer: mn,
		again: !0
	}]
]), Wn = object$1("NoticeQuery", {
	kind: text(),
	site: text(Ot),
	locale: text(It)
});
function requestOf(e) {
	switch (e.kind) {
		case "service": return read("/.well-known/mien", Wt);
		case "notice": {
			let { site: t, locale: n } = parse(Wn, { ...e });
			return read(`/v1/sites/${t}/notices/${n}`, Kt);
		}
		case "proof": return read(`/audit/proof?leaf=${z(e.leaf, "leaf")}`, wn);
		case "certificate": return read(`/v1/erasures/${R(e.erasure, "erasure")}`, mn);
		case "statement": return statement(e.jws);
		case "envelope": return post("/v1/labels", parse(_n, e.message), J, !0);
		case "rank": return post("/v1/rank", parse(bn, e.message), xn, !1);
		case "reward": return post("/v1/rewards", parse(Cn, e.message), J, !0);
		default: throw new RequestInvalid("only sealed envelopes, signed statements and plain questions may leave; see `send/outbound`");
	}
}
function statement(e) {
	let t = Un.get(namedKind(e));
	if (t === void 0) throw new RequestInvalid("not a statement that a device sends; build it with `consent`");
	if (t.answer === gn) {
		let n = { Authorization: `Mien-Statement ${parse(Wt, { jws: e }).jws}` };
		return {
			method: "GET",
			path: t.path,
			body: null,
			headers: n,
			answer: t.answer,
			again: !1
		};
	}
	return post(t.path, parse(Wt, { jws: e }), t.answer, t.again);
}
function post(e, t, n, r) {
	return {
		method: "POST",
		path: e,
		body: encode(t),
		headers: { "Content-Type": "application/json" },
		answer: n,
		again: r
	};
}
function read(e, t) {
	return {
		method: "GET",
		path: e,
		body: null,
		headers: {},
		answer: t,
		again: !0
	};
}
// src/send/sender.ts
var Gn = [
	429,
	502,
	503,
	504
], Kn = 1, qn = 3600, X = {
	tries: 4,
	whole: 30,
	base: .5,
	longest: 30
}, Jn = {
	tries: 1,
	whole: 10,
	base: .5,
	longest: 30
}, browser = (e, t) => globalThis.fetch(e, t), Sender = class {
	server;
	#e;
	#t;
	#n;
	#r;
	constructor(e, t, n, r, i = browser) {
		this.server = checkServer(e), this.#e = t, this.#t = n, this.#n = r, this.#r = i;
	}
	async send(e, t, n = X) {
		let r = requestOf(e);
		if (r.answer !== t) throw TypeError(`\`${r.path}\` has another answer than the one asked for`);
		for (let e = 1;; e += 1) try {
			return await this.#a(r, t, n);
		} catch (t) {
			let i = this.#i(t, r, e, n);
			if (i === null) throw t;
			await this.#t.sleep(i);
		}
	}
	#i(e, t, n, r) {
		if (n >= r.tries) return null;
		let i = Number(fromBigEndian(this.#n(4))) / 2 ** 32 * r.base * 2 ** n;
		return e instanceof ServerBusy ? e.retryAfter <= r.longest ? Math.max(i, e.retryAfter) : null : e instanceof ServerUnreachable && t.again ? i : null;
	}
	async #a(e, t, n) {
		let r = AbortSignal.timeout(n.whole * 1e3);
		try {
			let n = await this.#r(this.server + e.path, {
				method: e.method,
				headers: {
					"Mien-Site-Key": this.#e,
					Accept: "application/json, application/problem+json",
					...e.headers
				},
				body: e.body,
				redirect: "manual",
				credentials: "omit",
				cache: "no-store",
				referrerPolicy: "no-referrer",
				mode: "cors",
				signal: r
			});
			refuseBusy(n);
			let i = await bodyOf(n, limitOf(t));
			return readAnswer(t, n.status, n.headers.get("content-type") ?? "", i);
		} catch (e) {
			throw translated(e);
		}
	}
};
function translated(e) {
	return e instanceof DOMException && (e.name === "TimeoutError" || e.name === "AbortError") ? new ServerUnreachable("the server takes too long; what waits is kept and tried again", { cause: e }) : e instanceof TypeError ? new ServerUnreachable("the server cannot be reached; check the address and the connection, what waits is kept", { cause: e }) : e;
}
function refuseBusy(e) {
	if (Gn.includes(e.status)) throw new ServerBusy("the server asks to wait; what waits is kept and tried again", seconds(e.headers.get("retry-after") ?? ""));
	if (e.type === "opaqueredirect" || e.status >= 300 && e.status < 400) throw new ServerAnswerInvalid("the server sends elsewhere, which is not followed; give its final address");
}
function seconds(e) {
	return /^[0-9]{1,9}$/.test(e) ? Math.min(Number(e), qn) : Kn;
}
async function bodyOf(e, t) {
	let n = [], r = e.body?.getReader(), i = 0;
	for (; r !== void 0;) {
		let { done: e, value: a } = await r.read();
		if (e) break;
		if (i += a.length, i > t) {
			let e = new ServerAnswerInvalid(`the server's answer has more than ${t} bytes; check that the address is a mien server`);
			throw await r.cancel(e), e;
		}
		n.push(a);
	}
	return concat$1(...n);
}
function checkServer(e) {
	let t = URL.parse(e);
	if (t === null || t.username !== "" || t.search !== "" || t.hash !== "" || t.hostname === "") throw new SettingsError(`\`${e}\` is no server address; write it like https://mien.example`);
	let n = t.hostname === "localhost" || t.hostname === "[::1]" || /^127(\.[0-9]+){3}$/.test(t.hostname);
	if (t.protocol !== "https:" && !(t.protocol === "http:" && n)) throw new SettingsError(`\`${e}\` is not encrypted; use https (http is for this machine only)`);
	return (t.origin + t.pathname).replace(/\/+$/, "");
}
// src/keep/shelf.ts
var MemoryShelf = class {
	#e = /* @__PURE__ */ new Map();
	get(e) {
		let t = this.#e.get(e);
		return Promise.resolve(t === void 0 ? null : structuredClone(t));
	}
	swap(e, t, n) {
		return (this.#e.get(e)?.revision ?? 0) === t ? (this.#e.set(e, structuredClone({
			revision: t + 1,
			value: n
		})), Promise.resolve(!0)) : Promise.resolve(!1);
	}
	remove(e) {
		for (let t of e) this.#e.delete(t);
		return Promise.resolve();
	}
	names(e) {
		return Promise.resolve([...this.#e.keys()].filter((t) => t.startsWith(e)).sort());
	}
	next(e) {
		let t = this.#e.get(e), n = count(t?.value) + 1;
		return this.#e.set(e, {
			revision: (t?.revision ?? 0) + 1,
			value: n
		}), Promise.resolve(n);
	}
};
function count(e) {
	if (e === void 0) return 0;
	if (typeof e != "number") throw new KeepError("a counter on this device is damaged; clear the site's storage to start afresh");
	return e;
}
// src/keep/indexeddb.ts
var Yn = "kept", Xn = 1, IndexedShelf = class {
	#e;
	#t;
	#n = null;
	constructor(e = "mien", t = globalThis.indexedDB) {
		this.#e = t, this.#t = e;
	}
	async close() {
		let e = this.#n;
		this.#n = null, (await e)?.close();
	}
	async get(e) {
		return await this.#r("readonly", (t) => answer(t.get(e))) ?? null;
	}
	async swap(e, t, n) {
		return this.#r("readwrite", async (r) => ((await answer(r.get(e)))?.revision ?? 0) === t && (await answer(r.put({
			revision: t + 1,
			value: n
		}, e)), !0));
	}
	async remove(e) {
		e.length !== 0 && await this.#r("readwrite", async (t) => {
			for (let n of e) await answer(t.delete(n));
		});
	}
	async names(e) {
		return (await this.#r("readonly", (t) => answer(t.getAllKeys(IDBKeyRange.bound(e, `${e}\uffff`))))).map(String);
	}
	async next(e) {
		return this.#r("readwrite", async (t) => {
			let n = await answer(t.get(e)), r = count(n?.value) + 1;
			return await answer(t.put({
				revision: (n?.revision ?? 0) + 1,
				value: r
			}, e)), r;
		});
	}
	async #r(e, t) {
		try {
			let n = (await this.#i()).transaction(Yn, e, { durability: "strict" }), r = new Promise((e, t) => {
				n.oncomplete = () => e(), n.onabort = () => t(n.error ?? new DOMException("aborted", "AbortError"));
			}), [i] = await Promise.all([t(n.objectStore(Yn)), r]);
			return i;
		} catch (e) {
			throw e instanceof KeepError ? e : new KeepError("this browser's storage cannot be used; allow storage for the site, or free some space", { cause: e });
		}
	}
	#i() {
		return this.#n ??= new Promise((e, t) => {
			let n = this.#e.open(this.#t, Xn);
			n.onupgradeneeded = () => n.result.createObjectStore(Yn), n.onerror = () => t(n.error ?? new DOMException("cannot open", "UnknownError")), n.onsuccess = () => {
				n.result.onversionchange = () => void this.close(), e(n.result);
			};
		}), this.#n.catch(() => {
			this.#n = null;
		}), this.#n;
	}
};
function answer(e) {
	return new Promise((t, n) => {
		e.onsuccess = () => t(e.result), e.onerror = () => n(e.error ?? new DOMException("failed", "UnknownError"));
	});
}
// src/keep/keep.ts
var Zn = 2048, Qn = 12, $n = 16, er = 1048576, tr = 64, Keep = class {
	#e;
	#t;
	#n;
	#r;
	constructor(e, t, n, r = Zn) {
		this.#e = e, this.#t = t, this.#n = n, this.#r = r;
	}
	async person() {
		return (await this.#a("person"))?.value ?? null;
	}
	async changePerson(e) {
		await this.#o("person", e);
	}
	async keepSigning(e) {
		await this.#c(`sign/${e.verifyKey.id}`, e.secret);
	}
	async signing(e) {
		let t = (await this.#e.get(this.#l(`sign/${e}`)))?.value;
		if (!(t instanceof CryptoKey)) throw new KeepUnreadable("this device's signing key is gone; clear the site's storage, and recover with the recovery code");
		return t;
	}
	async onlySigning(e) {
		let t = await this.#e.names(this.#l("sign/"));
		await this.#e.remove(t.filter((t) => t !== this.#l(`sign/${e}`)));
	}
	async forget() {
		await this.#e.remove(await this.#e.names(this.#l("")));
	}
	async document(e) {
		return (await this.#a(`document/${e}`))?.value ?? null;
	}
	async keepDocument(e, t) {
		await this.#o(`document/${e}`, () => Promise.resolve(t));
	}
	async keepReceipt(e) {
		let t = await this.#e.next(this.#l("receipts"));
		await this.#o(numbered("receipt", t), () => Promise.resolve(e));
		let n = await this.#e.names(this.#l("receipt/"));
		await this.#e.remove(n.slice(0, Math.max(0, n.length - 64)));
	}
	async receipts() {
		return (await Promise.all((await this.#i("receipt")).map((e) => this.#a(numbered("receipt", e))))).flatMap((e) => e === null ? [] : [e.value]);
	}
	async nextNumber() {
		return this.#e.next(this.#l("counter"));
	}
	async put(e, t) {
		await this.#o(numbered("envelope", e), () => Promise.resolve(t));
		let n = await this.queue();
		for (let e of n.slice(0, Math.max(0, n.length - this.#r))) await this.lose(e, "queue-full");
	}
	async queue() {
		return this.#i("envelope");
	}
	async envelope(e) {
		try {
			return (await this.#a(numbered("envelope", e)))?.value ?? null;
		} catch (t) {
			if (!(t instanceof KeepUnreadable)) throw t;
			return await this.lose(e, "damaged"), null;
		}
	}
	async sent(e) {
		await this.#e.remove([this.#l(numbered("envelope", e))]);
	}
	async lose(e, t) {
		await this.sent(e), await this.countLoss(t, 1);
	}
	async purge() {
		let e = await this.#e.names(this.#l("envelope/"));
		return await this.#e.remove(e), e.length;
	}
	async countLoss(e, t) {
		await this.#o("losses", (n) => {
			let r = counts(n);
			return Promise.resolve({
				...r,
				[e]: (r[e] ?? 0) + t
			});
		});
	}
	async losses() {
		return counts((await this.#a("losses"))?.value ?? null);
	}
	async #i(e) {
		let t = this.#l(`${e}/`);
		return (await this.#e.names(t)).map((e) => Number(e.slice(t.length)));
	}
	async #a(e) {
		let t = await this.#e.get(this.#l(e));
		if (t === null) return null;
		try {
			let n = t.value, r = {
				name: "AES-GCM",
				iv: n.slice(0, Qn),
				additionalData: utf8(this.#l(e))
			}, i = await crypto.subtle.decrypt(r, await this.#s(!1), n.slice(Qn));
			return {
				revision: t.revision,
				value: decode(new Uint8Array(i), er)
			};
		} catch (e) {
			throw opening(e) ? new KeepUnreadable("what this browser keeps does not open with its key; clear the site's storage to start afresh", { cause: e }) : e;
		}
	}
	async #o(e, t) {
		for (let n = 0; n < tr; n += 1) {
			let n = await this.#a(e), r = await t(n?.value ?? null);
			if (r === null) return;
			let i = this.#n(Qn), a = {
				name: "AES-GCM",
				iv: i,
				additionalData: utf8(this.#l(e))
			}, o = await crypto.subtle.encrypt(a, await this.#s(!0), encode(r));
			if (await this.#e.swap(this.#l(e), n?.revision ?? 0, concat$1(i, new Uint8Array(o)))) return;
		}
		throw new KeepError("other tabs change the same thing all the time; close them and try again");
	}
	async #s(e) {
		let t = this.#l("master"), n = (await this.#e.get(t))?.value;
		if (n instanceof CryptoKey) return n;
		if (!e) throw new KeepUnreadable("the key of this browser's storage is gone; clear the site's storage to start afresh");
		let r = await crypto.subtle.generateKey({
			name: "AES-GCM",
			length: 256
		}, !1, ["encrypt", "decrypt"]);
		return await this.#e.swap(t, 0, r) ? r : this.#s(!1);
	}
	async #c(e, t) {
		let n = await this.#e.get(this.#l(e));
		await this.#e.swap(this.#l(e), n?.revision ?? 0, t);
	}
	#l(e) {
		return `${this.#t}/${e}`;
	}
};
function opening(e) {
	return e instanceof DOMException || e instanceof TypeError || e instanceof RequestInvalid;
}
function numbered(e, t) {
	return `${e}/${String(t).padStart($n, "0")}`;
}
function counts(e) {
	return isObject(e) ? Object.fromEntries(Object.entries(e).filter((e) => typeof e[1] == "number")) : {};
}
// src/seal/index.ts
function liveKey(e, t) {
	let n = e.seal_keys.filter((e) => e.not_before <= t && t < e.not_after).toSorted((e, t) => t.not_before - e.not_before)[0];
	if (n === void 0) throw new SealKeyExpired("every sealing key this device knows has died; connect to the server to fetch today's");
	return {
		kid: n.kid,
		key: st.fromText(n.public)
	};
}
async function envelope(e, t, n, r, i) {
	let a = envelopeContext(r.site, r.subject, r.device, t, i.kid), o = await seal(pack(e, e.reduce((e, t) => Math.min(e, t.ended_at), e[0]?.ended_at ?? n)), i.key, P.ENVELOPE, ...a), s = await mac(r.streamKey, P.ENVELOPE, ...a, o);
	return parse(_n, {
		v: 1,
		site: r.site,
		subject: r.subject,
		device: r.device,
		seq: t,
		kid: i.kid,
		ct: b64(o),
		mac: b64(s)
	});
}
// src/client/given.ts
var nr = {
	now: () => Date.now() / 1e3,
	monotonic: () => performance.now() / 1e3,
	sleep: (e) => new Promise((t) => setTimeout(t, e * 1e3))
}, systemEntropy = (e) => crypto.getRandomValues(new Uint8Array(e));
function privacySignal() {
	return globalThis.navigator?.globalPrivacyControl === !0;
}
// src/client/desk.ts
var rr = 3600, ir = 16, ar = 8, Z = [
	"consent-missing",
	"consent-refused",
	"person-erased",
	"person-unknown"
], sr = "signature-invalid", cr = ["policy-denied", "notice-stale"], lr = "this device was removed from the person's keys, so it stopped; withdraw or erase on another device or with the recovery code", ur = class Desk {
	site;
	trust;
	keep;
	sender;
	clock;
	entropy;
	gpc;
	recoveryCode = null;
	shown = null;
	#e;
	#t = null;
	#n = null;
	#r = null;
	#i = null;
	#a = Promise.resolve();
	constructor(e, t) {
		this.site = e.site, this.trust = t, this.clock = e.clock ?? nr, this.entropy = e.entropy ?? systemEntropy, this.gpc = e.gpc ?? privacySignal(), this.sender = new Sender(e.server, e.key, this.clock, this.entropy, e.transport), this.#e = `${e.site}-${t.id.slice(0, ar)}`, this.keep = new Keep(e.shelf ?? new IndexedShelf(), this.#e, this.entropy);
	}
	static async open(e) {
		if (!Ot.test(e.site)) throw new SettingsError("that is no site id; take it from `mien site list`");
		try {
			return new Desk(e, await j.fromText(e.trust));
		} catch (e) {
			throw e instanceof RequestInvalid ? new SettingsError("the trust key is no verification key; take it from `mien keys list`", { cause: e }) : e;
		}
	}
	alone(e) {
		let t = globalThis.navigator?.locks, n = this.#a.then(() => t === void 0 ? e() : t.request(`mien ${this.#e}`, e));
		return this.#a = n.catch(() => void 0), n;
	}
	async refresh() {
		let e = await this.keep.person();
		this.#n = e === null ? null : await this.#o(e);
		let t = this.seconds();
		return this.#n !== null && ranOut(this.#n, t) && (await this.change((e) => ranOut(e, t) ? expired(e) : e), await this.keep.purge()), this.#n;
	}
	async #o(e) {
		try {
			let t = readPerson(e), n = this.#n;
			return await personFrom(t, n !== null && n.sign.verifyKey.text() === t.device ? n.sign : await this.#s(t.device));
		} catch (e) {
			throw e instanceof RequestInvalid ? new KeepUnreadable("what is kept of the person is of another version; clear the site's storage to start afresh", { cause: e }) : e;
		}
	}
	async #s(e) {
		let t = await j.fromText(e);
		return ot.kept(await this.keep.signing(t.id), t.public);
	}
	async change(e) {
		await this.keep.changePerson(async (t) => t === null ? null : personJson(e(await this.#o(t))));
		let t = await this.keep.person();
		this.#n = t === null ? null : await this.#o(t);
	}
	async begin(e, t) {
		let n = await ot.generate(), r = personJson({
			...await newPerson(this.site, e, n, this.entropy, t),
			state: await this.stateNow(null)
		});
		await this.keep.keepSigning(n), await this.keep.changePerson((e) => Promise.resolve(e === null ? r : null));
		let i = await this.somebody();
		return await this.keep.onlySigning(i.sign.verifyKey.id), i;
	}
	async permit(e, t) {
		let n = await this.refresh(), r = await this.#c(n);
		if (n === null || r === null) throw new ConsentMissing("the person has not said yes; show the notice and ask");
		stillStands(n);
		let i = r.require(e, this.seconds(), this.clock.monotonic(), t), a = i.purposes.filter((e) => n.purposes.includes(e));
		if (!a.includes(t)) throw new ConsentMissing("the person has not said yes to this purpose; show the notice and ask for it");
		return {
			...i,
			purposes: a
		};
	}
	async #c(e) {
		if (e === null) return this.#r = null, null;
		let t = e.sign.verifyKey.id;
		return (this.#r === null || this.#r.subject !== e.subject || this.#r.device !== t) && (this.#r = new Gate(this.trust, this.site, e.subject, t)), await this.#r.admit(e.capability, this.seconds(), this.clock.monotonic()), this.#r;
	}
	async remaining() {
		try {
			return (await this.#c(await this.refresh()))?.remaining(this.seconds(), this.clock.monotonic()) ?? 0;
		} catch (e) {
			if (e instanceof CapabilityInvalid) return 0;
			throw e;
		}
	}
	async withdrawn() {
		let e = await this.refresh();
		return e === null || e.erasing || e.purposes.length === 0;
	}
	async end(e) {
		await this.change((t) => e ? over(t) : {
			...t,
			capability: null,
			askAgain: !0
		}), await this.keep.purge();
	}
	async ended(e) {
		let t = e.problem === sr;
		throw await this.end(t || Z.includes(e.problem)), t ? new ConsentMissing(lr, { cause: e }) : consentError(e);
	}
	async somebody() {
		let e = await this.refresh();
		if (e === null) throw new ConsentMissing("nobody is known on this device; say yes first, or `recover`");
		return e;
	}
	seconds() {
		return Math.floor(this.clock.now());
	}
	stamp() {
		return {
			at: this.seconds(),
			nonce: this.entropy(ir)
		};
	}
	async standing() {
		let e = await this.refresh(), t = await this.stateNow(e), [n, r, i] = [
			await this.keep.queue(),
			await this.keep.losses(),
			await this.remaining()
		];
		return {
			subject: e?.subject ?? null,
			purposes: e?.purposes ?? [],
			withdrawing: e?.withdrawing ?? [],
			erasing: e?.erasing ?? !1,
			capabilitySeconds: Math.floor(i),
			waiting: n.length,
			lost: r,
			state: t,
			expiresAt: e !== null && stands(t) ? e.expiresAt : 0,
			askAgain: e?.askAgain ?? !1
		};
	}
	async stateNow(e) {
		if (e !== null) return e.state;
		if (this.#t !== null) return this.#t;
		let t = await this.keep.document("asked");
		return m.find((e) => e === t) ?? "none";
	}
	async happened(e) {
		await this.refresh() === null ? (this.#t = after(await this.stateNow(null), e), e !== "ask" && await this.keep.keepDocument("asked", this.#t)) : await this.change((t) => ({
			...t,
			state: after(t.state, e),
			askAgain: t.askAgain && e !== "refuse"
		}));
	}
	forgetAsked() {
		this.#t = null;
	}
	ask(e, t, n = X) {
		return this.sender.send(e, t, n);
	}
	async dayKey(e = !1) {
		try {
			return liveKey(await this.service(e), this.seconds());
		} catch (t) {
			if (!(t instanceof SealKeyExpired) || e) throw t;
			return liveKey(await this.service(!0), this.seconds());
		}
	}
	async service(e) {
		let t = this.seconds(), n = this.#i ?? await this.#l(t);
		if (n !== null && !e && t - n.at < rr) return n;
		try {
			let e = await this.ask({ kind: "service" }, Wt, Jn);
			return this.#i = await openService(e.jws, this.trust, t), await this.refresh() !== null && await this.keep.keepDocument("service", e.jws), this.#i;
		} catch (t) {
			if (!(t instanceof ServerUnreachable || t instanceof ServerBusy) || n === null || e) throw t;
			return n;
		}
	}
	async #l(e) {
		let t = await this.keep.document("service");
		return typeof t == "string" && (this.#i = await openService(t, this.trust, e)), this.#i;
	}
	receipt(e, t, n) {
		return openReceipt(e, this.trust, this.site, t.subject, n);
	}
	async checked(e, t) {
		return e !== null && await openCapability(e, this.trust, this.site, t.subject, t.sign.verifyKey.id), e;
	}
	async keepReceipt(e, t, n) {
		let r = unverified(t).notice_sha256, i = {
			v: 1,
			receipt: e,
			statement: t,
			notice: this.shown !== null && await noticeHash(this.shown) === r ? this.shown : null,
			server: this.sender.server,
			trust: this.trust.text(),
			signer: n.text()
		};
		await this.keep.keepReceipt({ ...i });
	}
};
function over(e) {
	return {
		...e,
		capability: null,
		purposes: [],
		unanswered: [],
		state: after(e.state, "withdraw")
	};
}
function stillStands(e) {
	if (!(e.purposes.length > 0)) {
		if (e.state === "expired") throw new ConsentMissing("the consent ran out on its day; show the notice and ask again");
		if (e.state === "refused") throw new ConsentMissing("the person said no; nothing is done unless they say yes another time");
	}
}
function consentError(e) {
	let t = {
		laws: e.laws,
		cause: e
	};
	return e.problem === "notice-stale" ? new NoticeStale(e.message, t) : e.problem === "policy-denied" || e.problem === "consent-refused" ? new ConsentRefused(e.message, t) : Z.includes(e.problem) ? new ConsentMissing(e.message, t) : e;
}
// src/client/consents.ts
var dr = 500, Consents = class {
	#e;
	constructor(e) {
		this.#e = e;
	}
	async notice(e) {
		let t = await this.#e.ask({
			kind: "notice",
			site: this.#e.site,
			locale: e
		}, Kt);
		if (t.site !== this.#e.site) throw new ServerAnswerInvalid("the server sent another site's notice; check the site id");
		return this.#e.shown = t, await this.#e.happened("ask"), t;
	}
	async consent(e) {
		let t = this.#e;
		if (t.shown === null) throw new ConsentMissing("no notice was fetched; call `notice`, show all of it, then ask");
		if (e.purposes.length === 0) throw new RequestInvalid("a no needs no statement; name at least one purpose that the person said yes to");
		let n = {
			notice: t.shown,
			purposes: e.purposes,
			claims: {
				...e.claims,
				gpc: (e.claims.gpc ?? !1) || t.gpc
			},
			method: e.method ?? "screen",
			renewal: e.renewal ?? !1,
			release: e.release ?? null
		};
		return t.alone(async () => {
			await this.settle(X);
			let e = await this.#t(n);
			e.purposes.length === 0 && await t.keep.purge();
			let r = await consent(e, t.stamp(), n, await t.dayKey(!0), await recoveryOf(e));
			return this.#n(e, n, r);
		});
	}
	async #t(e) {
		let t = this.#e, n = await t.refresh();
		if (e.renewal && after(await t.stateNow(n), "renew"), n !== null) return n;
		let r = newCode(t.entropy(20));
		return t.begin(await subjectOf(readCode(r)), r);
	}
	async #n(e, t, n) {
		let r = this.#e;
		await r.change((e) => ({
			...e,
			unanswered: t.purposes
		}));
		let i = await this.#r(n), a = await r.receipt(i.receipt, e, n), o = await r.checked(i.capability, e);
		if (await r.keepReceipt(i.receipt, n, e.sign.verifyKey), a.outcome !== "given" && a.outcome !== "renewed") throw await r.change((e) => refused(e, i.receipt, a)), new ConsentRefused(wordsOf(a), { laws: a.laws });
		return await r.change((e) => granted(e, i.receipt, a, o)), r.recoveryCode = e.recovery ?? r.recoveryCode, a;
	}
	async #r(e) {
		try {
			return await this.#e.ask({
				kind: "statement",
				jws: e
			}, q);
		} catch (e) {
			if (!(e instanceof RequestRefused)) throw e;
			let t = e.problem === "notice-stale";
			throw e.status < dr && await this.#e.change((e) => ({
				...e,
				unanswered: [],
				askAgain: e.askAgain || t && stands(e.state)
			})), consentError(e);
		}
	}
	async withdraw(e) {
		let t = this.#e;
		if (e.length === 0 || e.some((e) => !u.includes(e))) throw new RequestInvalid(`a withdrawal names purposes such as \`${u[0]}\`, or none for all of them`);
		let n = await t.refresh();
		return n === null ? null : ([...n.purposes, ...n.unanswered].some((t) => e.includes(t)) && (await t.change((t) => without(t, e)), await t.keep.purge()), t.alone(async () => {
			try {
				return await this.#a(X) ?? await this.#i();
			} catch (e) {
				if (away(e)) return null;
				throw e;
			}
		}));
	}
	async #i() {
		let e = await this.#e.refresh();
		if (e === null || e.receipt === null) return null;
		let t = await openReceipt(e.receipt, this.#e.trust, this.#e.site, e.subject);
		return t.outcome === "withdrawn" || t.outcome === "revoked" ? t : null;
	}
	async #a(e) {
		let t = this.#e, n = await t.refresh();
		if (n === null || n.withdrawing.length === 0) return null;
		let r = n.withdrawing, i = await withdraw(n, t.stamp(), r), a = await this.#o(i, e);
		if (a === null) return null;
		let o = await t.receipt(a.receipt, n, i), s = await t.checked(a.capability, n);
		return await t.keepReceipt(a.receipt, i, n.sign.verifyKey), await t.change((e) => ({
			...e,
			receipt: a.receipt,
			capability: e.purposes.length > 0 && same(e.purposes, n.purposes) ? s : null,
			withdrawing: e.withdrawing.filter((e) => !r.includes(e))
		})), o;
	}
	async #o(e, t) {
		try {
			return await this.#e.ask({
				kind: "statement",
				jws: e
			}, q, t);
		} catch (e) {
			if (!(e instanceof RequestRefused) || ![...Z, "signature-invalid"].includes(e.problem)) throw e;
			if (await this.#e.change((e) => ({
				...e,
				withdrawing: []
			})), e.problem === "signature-invalid") throw new ConsentMissing(lr, { cause: e });
			return null;
		}
	}
	async erase() {
		let e = this.#e;
		if (await e.refresh() === null) throw new ConsentMissing("nobody is known on this device; with a recovery code, `recover` first");
		return await e.change((e) => ({
			...without(e, u),
			withdrawing: [],
			unanswered: [],
			erasing: !0
		})), await e.keep.purge(), e.alone(async () => {
			try {
				return await this.#s(X);
			} catch (e) {
				if (away(e)) return null;
				throw e;
			}
		});
	}
	async #s(e) {
		let t = this.#e, n = await t.refresh();
		if (n === null || !n.erasing) return null;
		let r = null, i = null;
		try {
			let i = await erase(n, t.stamp());
			r = await this.opened(await t.ask({
				kind: "statement",
				jws: i
			}, mn, e));
		} catch (e) {
			if (!(e instanceof RequestRefused) || ![...Z, "signature-invalid"].includes(e.problem)) throw e;
			i = e.problem === "signature-invalid" ? e : null;
		}
		if (await t.keep.forget(), t.recoveryCode = null, t.forgetAsked(), await t.refresh(), i !== null) throw new ConsentMissing(lr, { cause: i });
		return r;
	}
	async certificate(e) {
		return this.opened(await this.#e.ask({
			kind: "certificate",
			erasure: e
		}, mn));
	}
	opened(e) {
		return openCertificate(e.certificate, this.#e.trust, this.#e.site, e.erasure);
	}
	async settle(e) {
		await this.#a(e), await this.#s(e);
	}
	async ready() {
		let e = this.#e;
		if (!(await e.withdrawn() || await e.remaining() >= 120)) try {
			await e.alone(() => this.#c(Jn));
		} catch (t) {
			if (!(t instanceof SendError) || await e.remaining() <= 0) throw t;
		}
	}
	async #c(e) {
		let t = this.#e;
		if (await t.withdrawn()) return;
		let n = await t.somebody(), r = await askCapability(n, t.stamp());
		try {
			let i = await t.ask({
				kind: "statement",
				jws: r
			}, fn, e), a = await t.checked(i.capability, n);
			await t.change((e) => same(e.purposes, n.purposes) ? {
				...e,
				capability: a,
				askAgain: !1
			} : e);
		} catch (e) {
			throw e instanceof RequestRefused && [
				...Z,
				...cr,
				"signature-invalid"
			].includes(e.problem) && await t.ended(e), e;
		}
	}
	async recover(e) {
		let t = this.#e, n = readCode(e);
		return t.alone(async () => {
			if (await t.refresh() !== null) throw new RequestInvalid("this device already has a person; erase them first");
			let e = await recoveryKey(n), r = await t.begin(await subjectOf(n), null);
			try {
				let n = await join(r, t.stamp(), await t.dayKey(!0), e), i = await t.ask({
					kind: "statement",
					jws: n
				}, q), a = await t.receipt(i.receipt, r, n), o = await t.checked(i.capability, r);
				return await t.keepReceipt(i.receipt, n, e.verifyKey), await t.change((e) => joined(e, i.receipt, a, o)), a;
			} catch (e) {
				throw await t.keep.forget(), await t.refresh(), e instanceof RequestRefused ? consentError(e) : e;
			}
		});
	}
};
function away(e) {
	return e instanceof ServerUnreachable || e instanceof ServerBusy;
}
function same(e, t) {
	return e.length === t.length && e.every((e, n) => e === t[n]);
}
function granted(e, t, n, r) {
	let i = {
		...joined(e, t, n, r),
		askAgain: !1,
		unanswered: [],
		recovery: null
	}, a = e.erasing ? u : e.withdrawing;
	return a.length > 0 ? without(i, a) : i;
}
function joined(e, t, n, r) {
	let i = stands(n.outcome) ? n.purposes : [];
	return {
		...e,
		receipt: t,
		purposes: i,
		state: n.outcome,
		expiresAt: n.expires_at,
		capability: r
	};
}
function refused(e, t, n) {
	let r = n.purposes.filter((t) => !e.withdrawing.includes(t)), i = after(e.state, "refuse");
	return {
		...e,
		receipt: t,
		purposes: r,
		unanswered: [],
		state: r.length > 0 && !stands(i) ? "given" : i,
		expiresAt: r.length > 0 ? n.expires_at : e.expiresAt
	};
}
async function recoveryOf(e) {
	return e.recovery === null ? null : (await recoveryKey(readCode(e.recovery))).verifyKey;
}
function wordsOf(e) {
	return new Set(e.refused.map((e) => e.says.join("\n"))).size > 1 ? e.refused.map((e) => `${e.purpose}: ${e.says.join(" ") || "refused."}`).join(" ") : e.says.join(" ") || "the server's policy refused this consent";
}
// src/client/rankings.ts
var fr = 16, pr = 256, Rankings = class {
	#e;
	#t = /* @__PURE__ */ new Map();
	constructor(e) {
		this.#e = e;
	}
	async rank(e) {
		let t = await this.#r();
		try {
			return await this.#n(e, t);
		} catch (e) {
			if (t === null || !(e instanceof RequestRefused) || !Z.includes(e.problem)) throw e;
			await this.#e.end(!0);
		}
		return this.#n(e, null);
	}
	async reward(e, t, n) {
		let r = await this.#r(), i = parse(Cn, {
			site: this.#e.site,
			event: e,
			place: t,
			reward: n
		}), a = this.#t.get(e) ?? r !== null ? r : null, o = await this.#i(i, a, P.REWARD);
		await this.#e.ask({
			kind: "reward",
			message: o
		}, J);
	}
	async #n(e, t) {
		let n = parse(bn, {
			site: this.#e.site,
			request: b64(this.#e.entropy(fr)),
			page: e.page ?? "home",
			places: e.places ?? 5,
			candidates: e.candidates === void 0 ? null : e.candidates.map(({ id: e, title: t, price: n, currency: r, tags: i, stock: a }) => ({
				id: e,
				title: t,
				price: n,
				currency: r,
				tags: [...i],
				stock: a
			}))
		}), r = await this.#i(n, t, P.RANK), i = await this.#e.ask({
			kind: "rank",
			message: r
		}, xn);
		return this.#a(i.event, t !== null), ranking(i, t === null ? silent(i) : await this.#o(i, t));
	}
	async #r() {
		let e = await this.#e.refresh();
		return e !== null && e.purposes.length > 0 ? e : null;
	}
	async #i(e, t, n) {
		return t === null ? e : authenticate(e, {
			subject: t.subject,
			device: t.sign.verifyKey.id,
			at: this.#e.seconds()
		}, t.streamKey, n);
	}
	#a(e, t) {
		this.#t.set(e, t);
		for (let e of this.#t.keys()) {
			if (this.#t.size <= pr) break;
			this.#t.delete(e);
		}
	}
	async #o(e, t) {
		if (e.sealed_why === null) throw new ServerAnswerInvalid("the server did not say why; ask again");
		let n = [
			utf8(this.#e.site),
			utf8(t.subject),
			utf8(e.event)
		];
		return parse(Sn, decode(unpad(await openSealed(unb64(e.sealed_why), t.seal, P.WHY, ...n))));
	}
};
function silent(e) {
	return {
		used_emotion: !1,
		why: "",
		places: e.places.map(() => ""),
		laws: []
	};
}
function ranking(e, t) {
	if (t.places.length !== e.places.length) throw new ServerAnswerInvalid("the server explained another number of places than it ranked; ask again");
	let n = e.places.map(({ offer: e, place: n }, r) => ({
		offer: e,
		place: n,
		why: t.places[r] ?? ""
	}));
	return {
		event: e.event,
		places: n,
		used_emotion: t.used_emotion,
		why: t.why,
		laws: t.laws
	};
}
var mr = 3600n, Q = 2n ** 63n - 1n, hr = 63, gr = 131072, _r = 200, vr = 1, $ = 4, yr = "c2sp.org/tlog-proof@v1", br = /^(?:0|[1-9][0-9]{0,18})$/, xr = /^[^\s+\p{C}\p{Z}]+$/u;
function readEntry(e) {
	let t = fromBigEndian(e.subarray(32, 40));
	if (e.length !== 40 || t > Q || t % mr !== 0n) throw new ProofInvalid("not an entry of 40 bytes with a full hour; ask for it again");
	return {
		leaf: own(e.subarray(0, 32)),
		hour: t
	};
}
async function leafHash(e) {
	return sha256(concat$1(bigEndian(0, 1), e));
}
async function nodeHash(e, t) {
	return sha256(concat$1(bigEndian(1, 1), e, t));
}
async function verifyInclusion(e, t, n, r, i) {
	if (checkSize(n), checkPath(r), t < 0n || t >= n) throw new ProofInvalid(`no entry \`${t}\` in a log of ${n}; ask for a proof from a newer checkpoint`);
	let [a, o, s] = [
		t,
		n - 1n,
		await leafHash(e)
	];
	for (let e of r) {
		if (o === 0n) throw new ProofInvalid(wrongPath(t));
		odd(a) || a === o ? (s = await nodeHash(e, s), [a, o] = climb(a, o)) : s = await nodeHash(s, e), [a, o] = [a >> 1n, o >> 1n];
	}
	if (o !== 0n || !equal(s, i)) throw new ProofInvalid(wrongPath(t));
}
function climb(e, t) {
	let [n, r] = [e, t];
	for (; n !== 0n && !odd(n);) [n, r] = [n >> 1n, r >> 1n];
	return [n, r];
}
function odd(e) {
	return (e & 1n) == 1n;
}
function checkSize(e) {
	if (e < 0n || e > Q) throw new ProofInvalid(`a log has at most ${Q} entries; check the checkpoint`);
}
function checkPath(e) {
	if (e.length > hr || e.some((e) => e.length !== 32)) throw new ProofInvalid(`a proof has at most ${hr} hashes of 32 bytes; copy it whole`);
}
function wrongPath(e) {
	return `the proof does not lead from entry \`${e}\` to the root; the entry or the proof was altered`;
}
async function noteId(e, t) {
	return own((await sha256(concat$1(utf8(`${e}\n`), bigEndian(vr, 1), t.public))).subarray(0, $));
}
async function parseNoteKey(e) {
	let { before: t, behind: n } = cut(e, "+"), { before: r, behind: i } = cut(n, "+");
	checkOrigin(t);
	let a = unb64Note(i);
	if (a.length !== 33 || a[0] !== vr) throw new CheckpointInvalid("not an ed25519 key of a log; copy it whole, from `+` to `=`");
	let o = await j.of(a.subarray(1));
	if (r !== hex(await noteId(t, o))) throw new CheckpointInvalid("the log's key and its id do not belong together; copy it whole");
	return {
		name: t,
		key: o
	};
}
function checkOrigin(e) {
	if (characters(e) > _r || !xr.test(e)) throw new CheckpointInvalid("a log's name has no spaces and no plus sign; use one like `shop.example/audit`");
}
async function parseCheckpoint(e, t, n) {
	let { body: r, signatures: i } = splitNote(e), a = parseBody(r);
	if (a.origin !== t) throw new CheckpointInvalid(`a checkpoint of another log, not of \`${t}\`; fetch it from the right log`);
	let o = await noteId(t, n), s = i.filter((e) => e.name === t && equal(e.id, o));
	if (s.length === 0) throw new CheckpointInvalid(`the checkpoint of \`${t}\` is not signed by the key given; compare the key's id`);
	for (let { signature: e } of s) try {
		await n.verify(e, utf8(r));
	} catch (e) {
		throw e instanceof SignatureInvalid ? new CheckpointInvalid(`the signature on the checkpoint of \`${t}\` does not verify; fetch it again`, { cause: e }) : e;
	}
	return a;
}
function splitNote(e) {
	if (characters(e) > gr || /[\u0000-\u0009\u000b-\u001f]/.test(e)) throw new CheckpointInvalid("the checkpoint is too long or holds control characters; fetch it again");
	let t = e.lastIndexOf("\n\n"), n = e.slice(t + 2);
	if (t < 0 || !n.endsWith("\n")) throw new CheckpointInvalid("the checkpoint is cut short; fetch it again");
	return {
		body: e.slice(0, t + 1),
		signatures: n.slice(0, -1).split("\n").map(readSignature)
	};
}
function readSignature(e) {
	let { before: t, behind: n } = cut(e, " "), { before: r, behind: i } = cut(n, " ");
	if (t !== "—") throw new CheckpointInvalid("a line after the checkpoint is no signature; fetch it again");
	checkOrigin(r);
	let a = unb64Note(i);
	if (a.length <= $) throw new CheckpointInvalid("a signature on the checkpoint is cut short; fetch it again");
	return {
		name: r,
		id: own(a.subarray(0, $)),
		signature: own(a.subarray($))
	};
}
function parseBody(e) {
	let [t, n, r, ...i] = e.slice(0, -1).split("\n");
	if (t === void 0 || n === void 0 || r === void 0 || i.length > 0) throw new CheckpointInvalid("a checkpoint has three lines: name, size, root; fetch it again");
	checkOrigin(t);
	let a = br.test(n) ? BigInt(n) : Q + 1n;
	if (a > Q) throw new CheckpointInvalid("the size of the log is no whole number in its one spelling; fetch it again");
	let o = unb64Note(r);
	if (o.length !== 32) throw new CheckpointInvalid("the root in the checkpoint has not 32 bytes; fetch it again");
	return {
		origin: t,
		size: a,
		root: o
	};
}
function unb64Note(e) {
	let t = e.replace(/={1,2}$/, "");
	if (e.length % 4 != 0 || e.length - t.length !== (4 - t.length % 4) % 4 || /[^A-Za-z0-9+/]/.test(t)) throw new CheckpointInvalid("not base64; copy the text whole");
	try {
		return unb64(t.replaceAll("+", "-").replaceAll("/", "_"));
	} catch (e) {
		throw e instanceof MienError ? new CheckpointInvalid("not canonical base64; copy the text whole", { cause: e }) : e;
	}
}
function parseTlogProof(e) {
	let { before: t, behind: n, found: r } = cut(e, "\n\n"), i = t.split("\n");
	if (characters(e) > 2 * gr || !r || i.shift() !== yr) throw new ProofInvalid(`not a proof that begins with \`${yr}\`; copy the file whole`);
	i[0]?.startsWith("extra ") && proofBytes(i.shift()?.slice(6) ?? "");
	let { before: a, behind: o } = cut(i.shift() ?? "", " ");
	if (a !== "index" || !br.test(o)) throw new ProofInvalid("the proof names no entry; copy the file whole");
	let s = i.map(proofBytes);
	return checkPath(s), {
		index: BigInt(o),
		path: s,
		checkpoint: n
	};
}
async function verifyTlogProof(e, t, n, r) {
	let i = parseTlogProof(e), a = await parseCheckpoint(i.checkpoint, n, r);
	return await verifyInclusion(t, i.index, a.size, i.path, a.root), i.index;
}
function proofBytes(e) {
	try {
		return unb64Note(e);
	} catch (e) {
		throw e instanceof CheckpointInvalid ? new ProofInvalid("a line of the proof is no base64; copy the file whole", { cause: e }) : e;
	}
}
function cut(e, t) {
	let n = e.indexOf(t);
	return n < 0 ? {
		before: e,
		behind: "",
		found: !1
	} : {
		before: e.slice(0, n),
		behind: e.slice(n + t.length),
		found: !0
	};
}
function hex(e) {
	return Array.from(e, (e) => e.toString(16).padStart(2, "0")).join("");
}
// src/client/rights.ts
var Sr = 404, Cr = 268435456, Rights = class {
	#e;
	constructor(e) {
		this.#e = e;
	}
	async export() {
		let e = await this.#e.somebody(), t = await askExport(e, this.#e.stamp());
		return this.#t(await this.#e.ask({
			kind: "statement",
			jws: t
		}, gn), e);
	}
	async #t(e, t) {
		let n = [utf8(t.site), utf8(t.subject)], r = decode(await inflated(unpad(await openSealed(unb64(e.sealed), t.seal, P.EXPORT, ...n)), Cr), Cr);
		if (!isObject(r)) throw new ServerAnswerInvalid("the export is no object; ask again");
		let i = parse(hn, await verify(e.signature, Y.EXPORT, this.#e.trust));
		if (i.site !== t.site || i.subject !== t.subject) throw new SignatureInvalid("the export is signed as somebody else's; ask again");
		if (!equal(await sha256(encode(r)), unb64(i.sha256))) throw new SignatureInvalid("the export is not what the server signed; download it again, and keep this one as evidence");
		return {
			...r,
			signature: e.signature
		};
	}
	async correct(e, t) {
		let n = listed((await this.export()).labels).find((t) => t.record === e);
		if (n === void 0) throw new RequestInvalid("no such label is held; take its `record` from the export");
		let r = await this.#e.somebody(), i = declared(t, Number(n.ended_at)), a = await correct(r, this.#e.stamp(), e, i, await this.#e.dayKey());
		await this.#e.ask({
			kind: "statement",
			jws: a
		}, J);
	}
	async proof(e, t) {
		let { promise: n } = e, r = await this.#e.service(!0), { name: i, key: a } = await parseNoteKey(r.audit_key);
		if (i !== r.audit_origin || i !== n.origin) throw new ProofInvalid("the promise names another log than the server's; keep the receipt as evidence");
		let o = await this.#n(n.leaf, t), s = unb64(o.entry);
		if (!equal(readEntry(s).leaf, unb64(n.leaf))) throw new ProofInvalid("the proof is for another decision; keep receipt and proof as evidence");
		return {
			index: await verifyTlogProof(o.proof, s, n.origin, a),
			text: o.proof,
			entry: o.entry
		};
	}
	async #n(e, t) {
		let n = this.#e.clock.monotonic() + t;
		for (;;) {
			try {
				return await this.#e.ask({
					kind: "proof",
					leaf: e
				}, wn);
			} catch (e) {
				let t = this.#e.clock.monotonic() >= n;
				if (!(e instanceof RequestRefused) || e.status !== Sr || t) throw e;
			}
			await this.#e.clock.sleep(.25);
		}
	}
};
function listed(e) {
	return Array.isArray(e) ? e.filter(isObject) : [];
}
async function inflated(e, t) {
	let n = [], r = 0, i = new Blob([own(e)]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
	try {
		for (let e = await i.read(); !e.done && (r += e.value.length, !(r > t)); e = await i.read()) n.push(e.value);
	} catch (e) {
		throw new ServerAnswerInvalid("the export does not unpack, is cut off or has something behind it; ask again", { cause: e });
	}
	if (r > t) throw await i.cancel(), new ServerAnswerInvalid(`the export has more than ${t} bytes; ask whoever runs the server`);
	return concat$1(...n);
}
// src/label/index.ts
var wr = [
	"personalize_offers",
	"adapt_service",
	"adapt_lessons"
], Tr = "declare_mood";
function trim(e, t) {
	let wants = (...e) => e.some((e) => t.includes(e));
	if (e.source === "declared") return wants("declare_mood") ? {
		...e,
		state: "none",
		polarity: "none",
		valence: null,
		arousal: null,
		model: 0
	} : null;
	if (!wants(...wr)) return null;
	let n = wants("personalize_offers", "adapt_service");
	return {
		...e,
		state: wants("adapt_service", "adapt_lessons") ? e.state : "none",
		polarity: wants("adapt_service") ? e.polarity : "none",
		valence: n ? e.valence : null,
		arousal: n ? e.arousal : null
	};
}
// src/client/stream.ts
var Er = ["seal-key-expired", "seal-key-unknown"], Dr = [
	"envelope-replayed",
	"envelope-invalid",
	"request-invalid",
	...Er
], Or = 500, Stream = class {
	#e;
	#t;
	constructor(e, t) {
		this.#e = e, this.#t = t;
	}
	async declare(e, t) {
		let n = declared(e, this.#e.seconds(), t);
		check(n);
		let r = await this.#e.refresh();
		if (r !== null && r.purposes.length > 0 && !r.purposes.includes("declare_mood")) throw new ConsentMissing("telling a mood has a purpose of its own; ask for consent to `declare_mood`");
		await this.#t.ready(), await this.#n(n);
		try {
			await this.flush(Jn);
		} catch (e) {
			if (!(e instanceof SendError)) throw e;
		}
		return n;
	}
	async #n(e) {
		let t = this.#e, n = trim(e, (await t.permit("send", Tr)).purposes);
		if (n === null) return;
		let r = await t.somebody(), i;
		try {
			i = await t.dayKey();
		} catch (e) {
			if (!(e instanceof SealKeyExpired || e instanceof SendError)) throw e;
			await t.keep.countLoss("no-seal-key", 1);
			return;
		}
		let a = await t.keep.nextNumber(), o = {
			site: t.site,
			subject: r.subject,
			device: r.sign.verifyKey.id,
			streamKey: r.streamKey
		};
		await t.keep.put(a, await envelope([n], a, t.seconds(), o, i)), await t.withdrawn() && await t.keep.purge();
	}
	async flush(e = X) {
		let { keep: t } = this.#e;
		return this.#e.alone(async () => {
			await this.#t.settle(e);
			let n = 0;
			for (let r of await t.queue()) await this.#r(r, e) && (n += 1);
			return {
				sent: n,
				waiting: (await t.queue()).length,
				lost: await t.losses()
			};
		});
	}
	async #r(e, t) {
		let n = await this.#e.keep.envelope(e);
		if (n === null || await this.#e.withdrawn()) return !1;
		try {
			await this.#e.ask({
				kind: "envelope",
				message: parse(_n, n)
			}, J, t);
		} catch (t) {
			if (!(t instanceof RequestRefused)) throw t;
			return await this.#i(e, t), !1;
		}
		return await this.#e.keep.sent(e), !0;
	}
	async #i(e, t) {
		if ([...Z, ...cr].includes(t.problem) && await this.#e.ended(t), !Dr.includes(t.problem) || t.status >= Or) throw t;
		await this.#e.keep.lose(e, t.problem), Er.includes(t.problem) && await this.#e.service(!0);
	}
}, kr = class Client {
	#e;
	#t;
	#n;
	#r;
	#i;
	constructor(e) {
		this.#e = e, this.#t = new Consents(e), this.#n = new Stream(e, this.#t), this.#r = new Rankings(e), this.#i = new Rights(e);
	}
	static async open(e) {
		return new Client(await ur.open(e));
	}
	get recoveryCode() {
		return this.#e.recoveryCode;
	}
	notice(e = "en") {
		return this.#t.notice(e);
	}
	defer() {
		return this.#e.happened("defer");
	}
	refuse() {
		return this.#e.happened("refuse");
	}
	consent(e) {
		return this.#t.consent(e);
	}
	withdraw(e = u) {
		return this.#t.withdraw(e);
	}
	erase() {
		return this.#t.erase();
	}
	certificate(e) {
		return this.#t.certificate(e);
	}
	recover(e) {
		return this.#t.recover(e);
	}
	declare(e, t = null) {
		return this.#n.declare(e, t);
	}
	flush() {
		return this.#n.flush();
	}
	rank(e = {}) {
		return this.#r.rank(e);
	}
	reward(e, t = 1, n = 100) {
		return this.#r.reward(e.event, t, n);
	}
	export() {
		return this.#i.export();
	}
	correct(e, t) {
		return this.#i.correct(e, t);
	}
	proof(e, t = 5) {
		return this.#i.proof(e, t);
	}
	standing() {
		return this.#e.standing();
	}
	async receipts() {
		return await this.#e.keep.receipts();
	}
};
export { p as AGE_BANDS, AuditError, m as CONSENT_STATES, CapabilityExpired, CapabilityInvalid, CheckpointInvalid, kr as Client, ClockSkewed, ConsentError, ConsentMissing, ConsentRefused, o as EXPRESSIONS, EnvelopeInvalid, IndexedShelf, g as KEY_ROLES, KeepError, KeepUnreadable, LabelInvalid, ee as MAX_WINDOW, MemoryShelf, MienError, NoticeStale, c as POLARITIES, u as PURPOSES, ProofInvalid, f as ROLES, ReceiptInvalid, RequestInvalid, RequestRefused, d as SECTORS, _ as SLOTS, l as SOURCES, h as STANDING, s as STATES, SealError, SealKeyExpired, SendError, ServerAnswerInvalid, ServerBusy, ServerUnreachable, SettingsError, SignatureInvalid, declared };
