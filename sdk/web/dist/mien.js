// \0rolldown/runtime.js
var e = Object.create, t = Object.defineProperty, n = Object.getOwnPropertyDescriptor, r = Object.getOwnPropertyNames, i = Object.getPrototypeOf, a = Object.prototype.hasOwnProperty, o = (e, t) => () => (t || (e((t = { exports: {} }).exports, t, t.exports), e = null), t.exports), s = (e, i, o, s) => {
	if (i && typeof i == "object" || typeof i == "function") for (var c = r(i), l = 0, u = c.length, d; l < u; l++) d = c[l], !a.call(e, d) && d !== o && t(e, d, {
		get: ((e) => i[e]).bind(null, d),
		enumerable: !(s = n(i, d)) || s.enumerable
	});
	return e;
}, c = (n, r, o) => (o = n == null ? {} : e(i(n)), s(r || !n || !n.__esModule || !a.call(n, "default") ? t(o, "default", {
	value: n,
	enumerable: !0
}) : o, n)), l = [
	"neutral",
	"joy",
	"surprise",
	"anger",
	"fear",
	"sadness",
	"disgust",
	"contempt"
], u = [
	"none",
	"engaged",
	"interested",
	"confused",
	"frustrated",
	"stressed",
	"bored",
	"fatigued"
], d = [
	"none",
	"negative",
	"positive",
	"surprise"
], f = [
	"face",
	"declared",
	"text"
], p = [
	"personalize_offers",
	"adapt_service",
	"adapt_lessons",
	"bind_account",
	"contribute",
	"declare_mood"
], m = [
	"retail",
	"education",
	"workplace",
	"health",
	"finance",
	"service"
], h = [
	"customer",
	"student",
	"patient",
	"client",
	"employee",
	"candidate"
], ee = [
	"under_13",
	"13_to_15",
	"16_to_17",
	"adult",
	"undeclared"
], te = [
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
], ne = ["given", "renewed"], re = [
	"device",
	"guardian",
	"recovery",
	"link"
], ie = 64, ae = 64;
function oe(e, t, n = null) {
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
var g = class extends Error {
	code = "mien-error";
	laws;
	constructor(e, t = {}) {
		super(e, "cause" in t ? { cause: t.cause } : void 0), this.laws = t.laws ?? [], this.name = new.target.name;
	}
}, se = class extends g {
	code = "consent-error";
}, _ = class extends se {
	code = "consent-missing";
}, ce = class extends se {
	code = "consent-refused";
}, le = class extends se {
	code = "notice-stale";
}, ue = class extends se {
	code = "receipt-invalid";
}, de = class extends se {
	code = "capability-invalid";
}, fe = class extends se {
	code = "capability-expired";
}, pe = class extends g {
	code = "label-invalid";
}, me = class extends g {
	code = "seal-error";
}, he = class extends me {
	code = "envelope-invalid";
}, ge = class extends me {
	code = "seal-key-expired";
}, _e = class extends g {
	code = "signature-invalid";
}, ve = class extends g {
	code = "send-error";
}, ye = class extends ve {
	code = "server-unreachable";
}, be = class extends ve {
	code = "server-busy";
	retryAfter;
	constructor(e, t) {
		super(e), this.retryAfter = t;
	}
}, v = class extends ve {
	code = "server-answer-invalid";
}, y = class extends ve {
	code = "request-refused";
	status;
	problem;
	constructor(e, t, n, r) {
		super(e, { laws: r }), this.status = t, this.problem = n;
	}
}, xe = class extends g {
	code = "keep-error";
}, Se = class extends xe {
	code = "keep-unreadable";
}, b = class extends g {
	code = "request-invalid";
}, Ce = class extends g {
	code = "clock-skewed";
}, we = class extends g {
	code = "audit-error";
}, x = class extends we {
	code = "proof-invalid";
}, S = class extends we {
	code = "checkpoint-invalid";
}, Te = class extends g {
	code = "settings-invalid";
}, Ee = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", De = new Map([...Ee].map((e, t) => [e, t])), Oe = new TextEncoder();
function C(e) {
	return Oe.encode(e);
}
function w(...e) {
	let t = new Uint8Array(e.reduce((e, t) => e + t.length, 0)), n = 0;
	for (let r of e) t.set(r, n), n += r.length;
	return t;
}
function ke(e, t) {
	return e.length === t.length && e.every((e, n) => e === t[n]);
}
function Ae(e, t) {
	let n = new Uint8Array(t), r = BigInt(e);
	for (let e = t - 1; e >= 0; --e) n[e] = Number(r & 255n), r >>= 8n;
	return n;
}
function je(e) {
	return e.reduce((e, t) => e << 8n | BigInt(t), 0n);
}
function Me(...e) {
	return w(...e.flatMap((e) => [Ae(e.length, 4), e]));
}
function T(e) {
	let t = [];
	for (let n = 0; n < e.length; n += 3) {
		let [r = 0, i = 0, a = 0] = e.subarray(n, n + 3), o = r << 16 | i << 8 | a, s = Math.min(e.length - n, 3) + 1;
		for (let e = 0; e < s; e += 1) t.push(Ee.charAt(o >> 18 - 6 * e & 63));
	}
	return t.join("");
}
function E(e) {
	let t = Math.floor(e.length * 6 / 8), n = new Uint8Array(t), r = 0, i = 0, a = 0;
	for (let t of e) {
		let e = De.get(t);
		if (e === void 0) throw new b("not base64url; encode without padding");
		r = (r << 6 | e) & 65535, i += 6, i >= 8 && (i -= 8, n[a] = r >> i & 255, a += 1);
	}
	if (e.length % 4 == 1 || r & (1 << i) - 1) throw new b("not canonical base64url; encode without padding or spare bits");
	return n;
}
function Ne(e) {
	let t = 0;
	for (let n of e) t += 1;
	return t;
}
// src/wire/canonical.ts
var Pe = 262144;
function Fe(e) {
	return C(Ie(e, 0));
}
function Ie(e, t) {
	if (We(t), e === null || typeof e == "boolean") return String(e);
	if (typeof e == "number") return String(Ge(e));
	if (typeof e == "string") return JSON.stringify(Ke(e));
	if (Array.isArray(e)) return `[${e.map((e) => Ie(e, t + 1)).join(",")}]`;
	if (!Re(e)) throw new b("this value has no canonical form; use objects, lists, texts, integers, true, false and null");
	return `{${Object.keys(e).sort().map((n) => `${JSON.stringify(Ke(n))}:${Ie(e[n], t + 1)}`).join(",")}}`;
}
function Le(e, t = Pe) {
	if (e.length > t) throw new b(`the message has more than ${t} bytes; send less`);
	let n;
	try {
		n = new TextDecoder("utf-8", {
			fatal: !0,
			ignoreBOM: !0
		}).decode(e);
	} catch (e) {
		throw new b(ze, { cause: e });
	}
	return new Ue(n).whole();
}
function Re(e) {
	if (typeof e != "object" || !e) return !1;
	let t = Object.getPrototypeOf(e);
	return t === Object.prototype || t === null;
}
var ze = "the message is not JSON; see the reference of the wire format", Be = /[ \t\n\r]*/y, Ve = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y, He = /* @__PURE__ */ new Map([
	["null", null],
	["true", !0],
	["false", !1]
]), Ue = class {
	#e;
	#t = 0;
	constructor(e) {
		this.#e = e;
	}
	whole() {
		let e = this.#n(0);
		if (this.#l(), this.#t !== this.#e.length) throw new b(ze);
		return e;
	}
	#n(e) {
		We(e), this.#l();
		let t = this.#e.charAt(this.#t);
		if (t === "{") return this.#r(e);
		if (t === "[") return this.#i(e);
		if (t === "\"") return this.#a();
		for (let [e, t] of He) if (this.#u(e)) return t;
		return this.#s();
	}
	#r(e) {
		let t = {};
		if (this.#t += 1, this.#f("}")) return t;
		do {
			this.#l();
			let n = this.#a();
			if (Object.hasOwn(t, n)) throw new b("the message names a field twice; name each once");
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
		if (this.#e.charAt(e) !== "\"") throw new b(ze);
		let t = this.#e.indexOf("\"", e + 1);
		for (; t > 0 && this.#o(t);) t = this.#e.indexOf("\"", t + 1);
		if (t < 0) throw new b(ze);
		this.#t = t + 1;
		try {
			return Ke(JSON.parse(this.#e.slice(e, t + 1)));
		} catch (e) {
			throw e instanceof SyntaxError ? new b(ze, { cause: e }) : e;
		}
	}
	#o(e) {
		let t = e;
		for (; this.#e.charAt(t - 1) === "\\";) --t;
		return (e - t) % 2 == 1;
	}
	#s() {
		let e = this.#c(Ve);
		if (/[.eE]/.test(e)) throw new b("the message holds a fraction or no number; use integers in the stated unit");
		return Ge(Number(e));
	}
	#c(e) {
		e.lastIndex = this.#t;
		let t = e.exec(this.#e)?.[0];
		if (t === void 0) throw new b(ze);
		return this.#t += t.length, t;
	}
	#l() {
		this.#c(Be);
	}
	#u(e) {
		let t = this.#e.startsWith(e, this.#t);
		return t && (this.#t += e.length), t;
	}
	#d(e) {
		if (!this.#u(e)) throw new b(ze);
	}
	#f(e) {
		return this.#l(), this.#u(e);
	}
	#p(e) {
		return this.#l(), this.#u(",") ? !0 : (this.#d(e), !1);
	}
};
function We(e) {
	if (e > 16) throw new b("the message is nested too deeply; flatten it");
}
function Ge(e) {
	if (Number.isSafeInteger(e)) return e === 0 ? 0 : e;
	throw Number.isInteger(e) ? new b("the message holds an integer beyond 2^53 - 1, which not every reader keeps; use a text") : new b("the message holds a fraction; use integers in the stated unit");
}
function Ke(e) {
	if (!e.isWellFormed()) throw new b("the message holds half a character; send whole Unicode");
	return e;
}
// node_modules/mlkem/esm/src/errors.js
var qe = class extends Error {
	constructor(e) {
		let t;
		t = e instanceof Error ? e.message : typeof e == "string" ? e : "", super(t), this.name = this.constructor.name;
	}
}, D = 3329, Je = 62209, Ye = [
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
], Xe = [
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
], Ze = 4294967295n, Qe = 32n;
function $e(e, t = !1) {
	return t ? {
		h: Number(e & Ze),
		l: Number(e >> Qe & Ze)
	} : {
		h: Number(e >> Qe & Ze) | 0,
		l: Number(e & Ze) | 0
	};
}
function et(e, t = !1) {
	let n = e.length, r = new Uint32Array(n), i = new Uint32Array(n);
	for (let a = 0; a < n; a++) {
		let { h: n, l: o } = $e(e[a], t);
		[r[a], i[a]] = [n, o];
	}
	return [r, i];
}
var O = (e, t, n) => e << n | t >>> 32 - n, k = (e, t, n) => t << n | e >>> 32 - n, A = (e, t, n) => t << n - 32 | e >>> 64 - n, j = (e, t, n) => e << n - 32 | t >>> 64 - n;
// node_modules/mlkem/esm/src/sha3/utils.js
function tt(e) {
	return e instanceof Uint8Array || ArrayBuffer.isView(e) && e.constructor.name === "Uint8Array";
}
function nt(e, t = "") {
	if (!Number.isSafeInteger(e) || e < 0) {
		let n = t && `"${t}" `;
		throw Error(`${n}expected integer >0, got ${e}`);
	}
}
function rt(e, t, n = "") {
	let r = tt(e), i = e?.length, a = t !== void 0;
	if (!r || a && i !== t) {
		let o = n && `"${n}" `, s = a ? ` of length ${t}` : "", c = r ? `length=${i}` : `type=${typeof e}`;
		throw Error(o + "expected Uint8Array" + s + ", got " + c);
	}
	return e;
}
function it(e, t = !0) {
	if (e.destroyed) throw Error("Hash instance has been destroyed");
	if (t && e.finished) throw Error("Hash#digest() has already been called");
}
function at(e, t) {
	rt(e, void 0, "digestInto() output");
	let n = t.outputLen;
	if (e.length < n) throw Error("\"digestInto() output\" expected to be of length >=" + n);
}
function ot(e) {
	return new Uint32Array(e.buffer, e.byteOffset, Math.floor(e.byteLength / 4));
}
function st(...e) {
	for (let t = 0; t < e.length; t++) e[t].fill(0);
}
var ct = new Uint8Array(new Uint32Array([287454020]).buffer)[0] === 68;
function lt(e) {
	return e << 24 & 4278190080 | e << 8 & 16711680 | e >>> 8 & 65280 | e >>> 24 & 255;
}
function ut(e) {
	for (let t = 0; t < e.length; t++) e[t] = lt(e[t]);
	return e;
}
var dt = ct ? (e) => e : ut;
function ft(e, t = {}) {
	let n = (t, n) => e(n).update(t).digest(), r = e(void 0);
	return n.outputLen = r.outputLen, n.blockLen = r.blockLen, n.create = (t) => e(t), Object.assign(n, t), Object.freeze(n);
}
var pt = (e) => ({ oid: Uint8Array.from([
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
]) }), mt = 0n, ht = 1n, gt = 2n, _t = 7n, vt = 256n, yt = 113n, bt = [], xt = [], St = [];
for (let e = 0, t = ht, n = 1, r = 0; e < 24; e++) {
	[n, r] = [r, (2 * n + 3 * r) % 5], bt.push(2 * (5 * r + n)), xt.push((e + 1) * (e + 2) / 2 % 64);
	let i = mt;
	for (let e = 0; e < 7; e++) t = (t << ht ^ (t >> _t) * yt) % vt, t & gt && (i ^= ht << (ht << BigInt(e)) - ht);
	St.push(i);
}
var Ct = et(St, !0), wt = Ct[0], Tt = Ct[1], Et = (e, t, n) => n > 32 ? A(e, t, n) : O(e, t, n), Dt = (e, t, n) => n > 32 ? j(e, t, n) : k(e, t, n);
function Ot(e, t = 24, n) {
	n ||= /* @__PURE__ */ new Uint32Array(10);
	for (let r = 24 - t; r < 24; r++) {
		for (let t = 0; t < 10; t++) n[t] = e[t] ^ e[t + 10] ^ e[t + 20] ^ e[t + 30] ^ e[t + 40];
		{
			let t = Et(n[2], n[3], 1) ^ n[8], r = Dt(n[2], n[3], 1) ^ n[9];
			e[0] ^= t, e[1] ^= r, e[10] ^= t, e[11] ^= r, e[20] ^= t, e[21] ^= r, e[30] ^= t, e[31] ^= r, e[40] ^= t, e[41] ^= r;
		}
		{
			let t = Et(n[4], n[5], 1) ^ n[0], r = Dt(n[4], n[5], 1) ^ n[1];
			e[2] ^= t, e[3] ^= r, e[12] ^= t, e[13] ^= r, e[22] ^= t, e[23] ^= r, e[32] ^= t, e[33] ^= r, e[42] ^= t, e[43] ^= r;
		}
		{
			let t = Et(n[6], n[7], 1) ^ n[2], r = Dt(n[6], n[7], 1) ^ n[3];
			e[4] ^= t, e[5] ^= r, e[14] ^= t, e[15] ^= r, e[24] ^= t, e[25] ^= r, e[34] ^= t, e[35] ^= r, e[44] ^= t, e[45] ^= r;
		}
		{
			let t = Et(n[8], n[9], 1) ^ n[4], r = Dt(n[8], n[9], 1) ^ n[5];
			e[6] ^= t, e[7] ^= r, e[16] ^= t, e[17] ^= r, e[26] ^= t, e[27] ^= r, e[36] ^= t, e[37] ^= r, e[46] ^= t, e[47] ^= r;
		}
		{
			let t = Et(n[0], n[1], 1) ^ n[6], r = Dt(n[0], n[1], 1) ^ n[7];
			e[8] ^= t, e[9] ^= r, e[18] ^= t, e[19] ^= r, e[28] ^= t, e[29] ^= r, e[38] ^= t, e[39] ^= r, e[48] ^= t, e[49] ^= r;
		}
		let t = e[2], i = e[3], a, o;
		a = O(t, i, 1), o = k(t, i, 1), t = e[20], i = e[21], e[20] = a, e[21] = o, a = O(t, i, 3), o = k(t, i, 3), t = e[14], i = e[15], e[14] = a, e[15] = o, a = O(t, i, 6), o = k(t, i, 6), t = e[22], i = e[23], e[22] = a, e[23] = o, a = O(t, i, 10), o = k(t, i, 10), t = e[34], i = e[35], e[34] = a, e[35] = o, a = O(t, i, 15), o = k(t, i, 15), t = e[36], i = e[37], e[36] = a, e[37] = o, a = O(t, i, 21), o = k(t, i, 21), t = e[6], i = e[7], e[6] = a, e[7] = o, a = O(t, i, 28), o = k(t, i, 28), t = e[10], i = e[11], e[10] = a, e[11] = o, a = A(t, i, 36), o = j(t, i, 36), t = e[32], i = e[33], e[32] = a, e[33] = o, a = A(t, i, 45), o = j(t, i, 45), t = e[16], i = e[17], e[16] = a, e[17] = o, a = A(t, i, 55), o = j(t, i, 55), t = e[42], i = e[43], e[42] = a, e[43] = o, a = O(t, i, 2), o = k(t, i, 2), t = e[48], i = e[49], e[48] = a, e[49] = o, a = O(t, i, 14), o = k(t, i, 14), t = e[8], i = e[9], e[8] = a, e[9] = o, a = O(t, i, 27), o = k(t, i, 27), t = e[30], i = e[31], e[30] = a, e[31] = o, a = A(t, i, 41), o = j(t, i, 41), t = e[46], i = e[47], e[46] = a, e[47] = o, a = A(t, i, 56), o = j(t, i, 56), t = e[38], i = e[39], e[38] = a, e[39] = o, a = O(t, i, 8), o = k(t, i, 8), t = e[26], i = e[27], e[26] = a, e[27] = o, a = O(t, i, 25), o = k(t, i, 25), t = e[24], i = e[25], e[24] = a, e[25] = o, a = A(t, i, 43), o = j(t, i, 43), t = e[4], i = e[5], e[4] = a, e[5] = o, a = A(t, i, 62), o = j(t, i, 62), t = e[40], i = e[41], e[40] = a, e[41] = o, a = O(t, i, 18), o = k(t, i, 18), t = e[28], i = e[29], e[28] = a, e[29] = o, a = A(t, i, 39), o = j(t, i, 39), t = e[44], i = e[45], e[44] = a, e[45] = o, a = A(t, i, 61), o = j(t, i, 61), t = e[18], i = e[19], e[18] = a, e[19] = o, a = O(t, i, 20), o = k(t, i, 20), t = e[12], i = e[13], e[12] = a, e[13] = o, a = A(t, i, 44), o = j(t, i, 44), e[2] = a, e[3] = o;
		for (let t = 0; t < 50; t += 10) n[0] = e[t], n[1] = e[t + 1], n[2] = e[t + 2], n[3] = e[t + 3], n[4] = e[t + 4], n[5] = e[t + 5], n[6] = e[t + 6], n[7] = e[t + 7], n[8] = e[t + 8], n[9] = e[t + 9], e[t + 0] ^= ~n[2] & n[4], e[t + 1] ^= ~n[3] & n[5], e[t + 2] ^= ~n[4] & n[6], e[t + 3] ^= ~n[5] & n[7], e[t + 4] ^= ~n[6] & n[8], e[t + 5] ^= ~n[7] & n[9], e[t + 6] ^= ~n[8] & n[0], e[t + 7] ^= ~n[9] & n[1], e[t + 8] ^= ~n[0] & n[2], e[t + 9] ^= ~n[1] & n[3];
		e[0] ^= wt[r], e[1] ^= Tt[r];
	}
}
var kt = class e {
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
		}), this.blockLen = e, this.suffix = t, this.outputLen = n, this.enableXOF = r, this.rounds = i, nt(n, "outputLen"), !(0 < e && e < 200)) throw Error("only keccak-f1600 function is supported");
		this.state = /* @__PURE__ */ new Uint8Array(200), this.state32 = ot(this.state);
	}
	clone() {
		return this._cloneInto();
	}
	reset() {
		this.state.fill(0), this.pos = 0, this.posOut = 0, this.finished = !1, this.destroyed = !1;
	}
	keccak() {
		dt(this.state32), Ot(this.state32, this.rounds, this._B), dt(this.state32), this.posOut = 0, this.pos = 0;
	}
	update(e) {
		return it(this), rt(e), this.updateUnsafe(e);
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
		return it(this, !1), rt(e), this.writeIntoUnsafe(e);
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
		return nt(e), this.xofInto(new Uint8Array(e));
	}
	digestInto(e) {
		if (at(e, this), this.finished) throw Error("digest() was already called");
		return this.writeInto(e), this.destroy(), e;
	}
	digest() {
		return this.digestInto(new Uint8Array(this.outputLen));
	}
	destroy() {
		this.destroyed = !0, st(this.state);
	}
	_cloneInto(t) {
		let { blockLen: n, suffix: r, outputLen: i, rounds: a, enableXOF: o } = this;
		return t ||= new e(n, r, i, o, a), t.state32.set(this.state32), t.pos = this.pos, t.posOut = this.posOut, t.finished = this.finished, t.rounds = a, t.suffix = r, t.outputLen = i, t.enableXOF = o, t.destroyed = this.destroyed, t;
	}
}, At = /* @__PURE__ */ ((e, t, n, r = {}) => ft(() => new kt(t, e, n), r))(6, 136, 32, /* @__PURE__ */ pt(8)), jt = /* @__PURE__ */ ((e, t, n, r = {}) => ft((r = {}) => new kt(t, e, r.dkLen === void 0 ? n : r.dkLen, !0), r))(31, 136, 32, /* @__PURE__ */ pt(12)), Mt = Nt(globalThis, {});
function Nt(e, t) {
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
// __vite-browser-external
var Pt = /* @__PURE__ */ o(((e, t) => {
	t.exports = {};
}));
// node_modules/mlkem/esm/src/utils.js
function M(e) {
	return e & 255;
}
function Ft(e) {
	return e << 16 >> 16;
}
function N(e) {
	return e & 65535;
}
function It(e, t) {
	if (e.length != t.length) return 0;
	let n = 0;
	for (let r = 0; r < e.length; r++) n |= e[r] ^ t[r];
	let r = ~n & 255;
	return r &= r >> 4, r &= r >> 2, r &= r >> 1, r & 1;
}
function Lt(e, t) {
	if (e.length != t.length) return !1;
	for (let n = 0; n < e.length; n++) if (e[n] !== t[n]) return !1;
	return !0;
}
async function Rt() {
	if (Mt !== void 0 && globalThis.crypto !== void 0) return globalThis.crypto;
	try {
		let { webcrypto: e } = await Promise.resolve().then(() => /* @__PURE__ */ c(Pt()));
		return e;
	} catch {
		throw Error("failed to load Crypto");
	}
}
function zt(e, t = 0) {
	return (e[t] | e[t + 1] << 8 | e[t + 2] << 16 | e[t + 3] << 24) >>> 0;
}
// node_modules/mlkem/esm/src/mlKemBase.js
var Bt = class {
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
		this._poolG = new kt(72, 6, 64), this._poolH = new kt(136, 6, 32), this._poolKdf = new kt(136, 31, 32, !0), this._poolXof = new kt(168, 31, 672, !0);
		let e = this._eta1 * 256 / 4;
		this._poolPrf1 = new kt(136, 31, e, !0), this._bufPrf1 = new Uint8Array(e);
		let t = this._eta2 * 256 / 4;
		this._poolPrf2 = new kt(136, 31, t, !0), this._bufPrf2 = new Uint8Array(t), this._kBuf = new Uint8Array([this._k]), this._matrixA = Array(this._k);
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
		for (let a = 0; a < 128; a++) r = n[2 * a] - D, r += r >> 31 & D, i = n[2 * a + 1] - D, i += i >> 31 & D, e[t + 3 * a + 0] = M(r), e[t + 3 * a + 1] = M(r >> 8) | M(i << 4), e[t + 3 * a + 2] = M(i >> 4);
	}
	_polyFromBytes(e, t, n) {
		for (let r = 0; r < 128; r++) e[2 * r] = Ft((N(t[n + 3 * r + 0]) | 0 | N(t[n + 3 * r + 1]) << 8) & 4095), e[2 * r + 1] = Ft((N(t[n + 3 * r + 1]) >> 4 | N(t[n + 3 * r + 2]) << 4) & 4095);
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
			return this._encap(r, o, c), It(e, this._bufCt) === 1 ? s.slice() : l.slice();
		} finally {
			this._zeroPool();
		}
	}
	async _setup() {
		this._api === void 0 && (this._api = await Rt());
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
		for (let e = 0; e < this._k; e++) i[e] = Gt(i[e]), i[e] = Kt(i[e]), a[e] = Gt(a[e]);
		let o = Array(this._k);
		for (let e = 0; e < this._k; e++) o[e] = Yt(Xt(r[e], i)), o[e] = Qt(o[e], a[e]), o[e] = Kt(o[e]);
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
		if (!Lt(e.subarray(0, i.length), i)) throw Error("invalid encapsulation key");
		let a = e.subarray(this._skSize), o = this._sampleMatrix(a, !0), s = this._sampleNoise1(n, 0, this._k), c = this._sampleNoise2(n, this._k, this._k), l = this._sampleNoise2(n, this._k * 2, 1)[0];
		for (let e = 0; e < this._k; e++) s[e] = Gt(s[e]), s[e] = Kt(s[e]);
		let u = Array(this._k);
		for (let e = 0; e < this._k; e++) u[e] = Xt(o[e], s), u[e] = en(u[e]), u[e] = Qt(u[e], c[e]), u[e] = Kt(u[e]);
		let d = Ht(t), f = Xt(r, s);
		return f = en(f), f = Qt(f, l), f = Qt(f, d), f = Kt(f), this._compressU(this._bufCt.subarray(0, this._compressedUSize), u), this._compressV(this._bufCt.subarray(this._compressedUSize), f), this._bufCt;
	}
	_decap(e, t) {
		let n = this._decompressU(e.subarray(0, this._compressedUSize)), r = this._decompressV(e.subarray(this._compressedUSize)), i = this._polyvecFromBytes(t);
		for (let e = 0; e < this._k; e++) n[e] = Gt(n[e]);
		let a = Xt(i, n);
		return a = en(a), a = $t(r, a), a = Kt(a), Vt(a);
	}
	_sampleMatrix(e, t) {
		let n = this._matrixA;
		this._xofSeed.set(e);
		for (let r = 0, i = 0; i < this._k; i++) for (let a = 0; a < this._k; a++) {
			t ? (this._xofSeed[e.length] = i, this._xofSeed[e.length + 1] = a) : (this._xofSeed[e.length] = a, this._xofSeed[e.length + 1] = i);
			let o = this._xof(this._xofSeed);
			for (r = Ut(n[i][a], 0, o.subarray(0, 504), 504, 256); r < 256;) {
				let e = o.subarray(504, 672);
				r += Ut(n[i][a], r, e, 168, 256 - r);
			}
		}
		return n;
	}
	_sampleNoise1(e, t, n) {
		let r = Array(n);
		for (let i = 0; i < n; i++) r[i] = this._noiseVecs[t + i], Wt(r[i], this._prf1(e, t + i), this._eta1);
		return r;
	}
	_sampleNoise2(e, t, n) {
		let r = Array(n);
		for (let i = 0; i < n; i++) r[i] = this._noiseVecs[t + i], Wt(r[i], this._prf2(e, t + i), this._eta2);
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
			for (let e = 0; e < 4; e++) n[e] = ((t[i][4 * a + e] << 10) + D / 2) / D & 1023;
			e[r++] = M(n[0] | 0), e[r++] = M(n[0] >> 8 | n[1] << 2), e[r++] = M(n[1] >> 6 | n[2] << 4), e[r++] = M(n[2] >> 4 | n[3] << 6), e[r++] = M(n[3] >> 2);
		}
		return e;
	}
	_compressV(e, t) {
		let n = /* @__PURE__ */ new Uint8Array(8);
		for (let r = 0, i = 0; i < 32; i++) {
			for (let e = 0; e < 8; e++) n[e] = M(((t[8 * i + e] << 4) + D / 2) / D) & 15;
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
			n[0] = N(e[r + 0]) | 0 | N(e[r + 1]) << 8, n[1] = N(e[r + 1]) >> 2 | N(e[r + 2]) << 6, n[2] = N(e[r + 2]) >> 4 | N(e[r + 3]) << 4, n[3] = N(e[r + 3]) >> 6 | N(e[r + 4]) << 2, r += 5;
			for (let e = 0; e < 4; e++) t[i][4 * a + e] = Ft((n[e] & 1023) * D + 512 >> 10);
		}
		return t;
	}
	_decompressV(e) {
		let t = /* @__PURE__ */ new Int16Array(256);
		for (let n = 0, r = 0; r < 128; r++, n++) t[2 * r + 0] = Ft((e[n] & 15) * D + 8 >> 4), t[2 * r + 1] = Ft((e[n] >> 4) * D + 8 >> 4);
		return t;
	}
};
function Vt(e) {
	let t = /* @__PURE__ */ new Uint8Array(32), n, r;
	for (let i = 0; i < 32; i++) for (let a = 0; a < 8; a++) r = e[8 * i + a] - D, r += r >> 31 & D, n = ((N(r) << 1) + N(D / 2)) / N(D) & 1, t[i] |= M(n << a);
	return t;
}
function Ht(e) {
	let t = /* @__PURE__ */ new Int16Array(256), n;
	for (let r = 0; r < 32; r++) for (let i = 0; i < 8; i++) n = -1 * Ft(e[r] >> i & 1), t[8 * r + i] = n & Ft((D + 1) / 2);
	return t;
}
function Ut(e, t, n, r, i) {
	let a = 0, o, s;
	for (let c = 0; a < i && c + 3 <= r;) o = (N(n[c] | 0) | N(n[c + 1]) << 8) & 4095, s = (N(n[c + 1] >> 4) | N(n[c + 2]) << 4) & 4095, c += 3, o < 3329 && (e[t + a] = o, a += 1), a < i && s < 3329 && (e[t + a] = s, a += 1);
	return a;
}
function Wt(e, t, n) {
	let r, i, a, o;
	for (let s = 0; s < 32; s++) {
		r = zt(t, 4 * s), i = r & 1431655765, i += r >> 1 & 1431655765;
		for (let t = 0; t < 8; t++) a = Ft(i >> 4 * t + 0 & 3), o = Ft(i >> 4 * t + n & 3), e[8 * s + t] = a - o;
	}
}
function Gt(e) {
	for (let t = 0, n = 1, r = 128; r >= 2; r >>= 1) for (let i = 0; i < 256; i = t + r) {
		let a = Ye[n];
		for (n += 1, t = i; t < i + r; t++) {
			let n = P(a, e[t + r]);
			e[t + r] = e[t] - n, e[t] = e[t] + n;
		}
	}
	return e;
}
function P(e, t) {
	let n = e * t;
	return n - (Math.imul(n, Je) << 16 >> 16) * D >> 16;
}
function Kt(e) {
	for (let t = 0; t < 256; t++) e[t] = Jt(e[t]);
	return e;
}
var qt = ((1 << 24) + D / 2) / D;
function Jt(e) {
	let t = qt * e >> 24;
	return t *= D, e - t;
}
function Yt(e) {
	for (let t = 0; t < 256; t++) {
		let n = e[t] * 1353, r = Math.imul(n, Je) << 16 >> 16;
		e[t] = n - r * D >> 16;
	}
	return e;
}
function Xt(e, t) {
	let n = Zt(e[0], t[0]), r;
	for (let i = 1; i < e.length; i++) r = Zt(e[i], t[i]), n = Qt(n, r);
	return Kt(n);
}
function Zt(e, t) {
	for (let n = 0; n < 64; n++) {
		let r = 4 * n, i = e[r], a = e[r + 1], o = e[r + 2], s = e[r + 3], c = t[r], l = t[r + 1], u = t[r + 2], d = t[r + 3], f = Ye[64 + n];
		e[r] = P(P(a, l), f) + P(i, c), e[r + 1] = P(i, l) + P(a, c), e[r + 2] = P(P(s, d), -f) + P(o, u), e[r + 3] = P(o, d) + P(s, u);
	}
	return e;
}
function Qt(e, t) {
	for (let n = 0; n < 256; n++) e[n] += t[n];
	return e;
}
function $t(e, t) {
	for (let n = 0; n < 256; n++) e[n] -= t[n];
	return e;
}
function en(e) {
	let t = 0;
	for (let n = 0, r = 2; r <= 128; r <<= 1) for (let i = 0; i < 256; i = t + r) {
		let a = Xe[n];
		for (n += 1, t = i; t < i + r; t++) {
			let n = e[t];
			e[t] = Jt(n + e[t + r]), e[t + r] = n - e[t + r], e[t + r] = P(a, e[t + r]);
		}
	}
	for (t = 0; t < 256; t++) e[t] = P(e[t], Xe[127]);
	return e;
}
// node_modules/mlkem/esm/src/mlKem768.js
var tn = class extends Bt {
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
			throw new qe(e);
		}
	}
	async deriveKeyPair(e) {
		await this._setup();
		try {
			return this._deriveKeyPairCore(e);
		} catch (e) {
			throw new qe(e);
		}
	}
	async encap(e, t) {
		await this._setup();
		try {
			return this._encapCore(e, t);
		} catch (e) {
			throw new qe(e);
		}
	}
	async decap(e, t) {
		await this._setup();
		try {
			return this._decapCore(e, t);
		} catch (e) {
			throw new qe(e);
		}
	}
}, F = class extends Error {
	constructor(e) {
		let t;
		t = e instanceof Error ? e.message : typeof e == "string" ? e : "", super(t), this.name = this.constructor.name;
	}
}, I = class extends F {}, nn = class extends F {}, rn = class extends F {}, an = class extends F {}, on = class extends F {}, sn = class extends F {}, cn = class extends F {}, ln = class extends F {}, un = class extends F {}, dn = class extends F {}, fn = class extends F {}, pn = mn(globalThis, {});
function mn(e, t) {
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
async function hn() {
	if (pn !== void 0 && globalThis.crypto !== void 0) return globalThis.crypto.subtle;
	try {
		let { webcrypto: e } = await Promise.resolve().then(() => /* @__PURE__ */ c(Pt()));
		return e.subtle;
	} catch (e) {
		throw new fn(e);
	}
}
var gn = class {
	constructor() {
		Object.defineProperty(this, "_api", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		});
	}
	async _setup() {
		this._api === void 0 && (this._api = await hn());
	}
}, _n = {
	Base: 0,
	Psk: 1,
	Auth: 2,
	AuthPsk: 3
}, vn = {
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
}, yn = {
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
}, bn = {
	Aes128Gcm: 1,
	Aes256Gcm: 2,
	Chacha20Poly1305: 3,
	ExportOnly: 65535
}, L = /* @__PURE__ */ new Uint8Array(), xn = 0n, Sn = 1n, Cn = 2n, wn = /* @__PURE__ */ new Uint8Array([
	72,
	80,
	75,
	69,
	45,
	118,
	49
]);
function Tn(e) {
	return new Uint8Array(R(e));
}
function R(e) {
	return e instanceof ArrayBuffer ? e : ArrayBuffer.isView(e) ? new Uint8Array(e.buffer, e.byteOffset, e.byteLength).slice().buffer : new Uint8Array(e).slice().buffer;
}
var En = class extends gn {
	constructor() {
		super(), Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: yn.HkdfSha256
		}), Object.defineProperty(this, "hashSize", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: 0
		}), Object.defineProperty(this, "_suiteId", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: L
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
		return n.set(wn, 0), n.set(this._suiteId, 7), n.set(e, 7 + this._suiteId.byteLength), n.set(t, 7 + this._suiteId.byteLength + e.byteLength), n;
	}
	buildLabeledInfo(e, t, n) {
		this._checkInit();
		let r = new Uint8Array(9 + this._suiteId.byteLength + e.byteLength + t.byteLength);
		return r.set(new Uint8Array([0, n]), 0), r.set(wn, 2), r.set(this._suiteId, 9), r.set(e, 9 + this._suiteId.byteLength), r.set(t, 9 + this._suiteId.byteLength + e.byteLength), r;
	}
	async extract(e, t) {
		await this._setup();
		let n = e.byteLength === 0 ? new ArrayBuffer(this.hashSize) : R(e);
		if (n.byteLength !== this.hashSize) throw new I("The salt length must be the same as the hashSize");
		let r = R(t), i = await this._api.importKey("raw", n, this.algHash, !1, ["sign"]);
		return await this._api.sign("HMAC", i, r);
	}
	async expand(e, t, n) {
		await this._setup();
		let r = R(e), i = await this._api.importKey("raw", r, this.algHash, !1, ["sign"]), a = new ArrayBuffer(n), o = new Uint8Array(a), s = L, c = Tn(t), l = /* @__PURE__ */ new Uint8Array(1);
		if (n > 255 * this.hashSize) throw Error("Entropy limit reached");
		let u = new Uint8Array(this.hashSize + c.length + 1);
		for (let e = 1, t = 0; t < o.length; e++) l[0] = e, u.set(s, 0), u.set(c, s.length), u.set(l, s.length + c.length), s = new Uint8Array(await this._api.sign("HMAC", i, u.slice(0, s.length + c.length + 1))), o.length - t >= s.length ? (o.set(s, t), t += s.length) : (o.set(s.slice(0, o.length - t), t), t += o.length - t);
		return a;
	}
	async extractAndExpand(e, t, n, r) {
		await this._setup();
		let i = R(t), a = await this._api.importKey("raw", i, "HKDF", !1, ["deriveBits"]);
		return await this._api.deriveBits({
			name: "HKDF",
			hash: this.algHash.hash,
			salt: R(e),
			info: R(n)
		}, a, r * 8);
	}
	async labeledExtract(e, t, n) {
		return await this.extract(e, this.buildLabeledIkm(t, n));
	}
	async labeledExpand(e, t, n, r) {
		return await this.expand(e, this.buildLabeledInfo(t, n, r), r);
	}
	_checkInit() {
		if (this._suiteId === L) throw Error("Not initialized. Call init()");
	}
}, Dn = class extends En {
	constructor() {
		super(...arguments), Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: yn.HkdfSha256
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
}, On = (e) => typeof e == "object" && !!e && typeof e.privateKey == "object" && typeof e.publicKey == "object";
function kn(e, t) {
	if (t <= 0) throw Error("i2Osp: too small size");
	if (e >= 256 ** t) throw Error("i2Osp: too large integer");
	let n = new Uint8Array(t);
	for (let r = 0; r < t && e; r++) n[t - (r + 1)] = e % 256, e = Math.floor(e / 256);
	return n;
}
function An(e, t) {
	let n = new Uint8Array(e.length + t.length);
	return n.set(e, 0), n.set(t, e.length), n;
}
function jn(e) {
	let t = e.replace(/-/g, "+").replace(/_/g, "/"), n = atob(t), r = new Uint8Array(n.length);
	for (let e = 0; e < n.length; e++) r[e] = n.charCodeAt(e);
	return r;
}
async function Mn() {
	if (pn !== void 0 && globalThis.crypto !== void 0) return globalThis.crypto;
	try {
		let { webcrypto: e } = await Promise.resolve().then(() => /* @__PURE__ */ c(Pt()));
		return e;
	} catch {
		throw Error("failed to load Crypto");
	}
}
function Nn(e, t) {
	if (e.byteLength !== t.byteLength) throw Error("xor: different length inputs");
	let n = new Uint8Array(e.byteLength);
	for (let r = 0; r < e.byteLength; r++) n[r] = e[r] ^ t[r];
	return n;
}
// node_modules/@hpke/common/esm/src/interfaces/dhkemPrimitives.js
var Pn = ["deriveBits"], Fn = /* @__PURE__ */ new Uint8Array([
	100,
	107,
	112,
	95,
	112,
	114,
	107
]), In = /* @__PURE__ */ new Uint8Array([115, 107]), Ln = class {
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
}, Rn = class {
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
			return Promise.reject(new nn(e));
		}
	}
	async deserializePublicKey(e) {
		try {
			return await this._importRawKey(R(e), !0);
		} catch (e) {
			throw new rn(e);
		}
	}
	serializePrivateKey(e) {
		try {
			return Promise.resolve(e.key.buffer);
		} catch (e) {
			return Promise.reject(new nn(e));
		}
	}
	async deserializePrivateKey(e) {
		try {
			return await this._importRawKey(R(e), !1);
		} catch (e) {
			throw new rn(e);
		}
	}
	async importKey(e, t, n) {
		try {
			if (e === "raw") return await this._importRawKey(t, n);
			if (t instanceof ArrayBuffer) throw Error("Invalid jwk key format");
			return await this._importJWK(t, n);
		} catch (e) {
			throw new rn(e);
		}
	}
	async generateKeyPair() {
		try {
			let e = await this._curve.utils.randomSecretKey(), t = new Ln(this._algName, e, "private", Pn);
			return {
				publicKey: await this.derivePublicKey(t),
				privateKey: t
			};
		} catch (e) {
			throw new fn(e);
		}
	}
	async deriveKeyPair(e) {
		try {
			let t = R(e), n = await this._hkdf.labeledExtract(L.buffer, Fn, new Uint8Array(t)), r = await this._hkdf.labeledExpand(n, In, L, this._nSk), i = new Ln(this._algName, new Uint8Array(r), "private", Pn);
			return {
				privateKey: i,
				publicKey: await this.derivePublicKey(i)
			};
		} catch (e) {
			throw new dn(e);
		}
	}
	derivePublicKey(e) {
		try {
			let t = this._curve.getPublicKey(e.key);
			return Promise.resolve(new Ln(this._algName, t, "public"));
		} catch (e) {
			return Promise.reject(new rn(e));
		}
	}
	dh(e, t) {
		try {
			return Promise.resolve(this._curve.getSharedSecret(e.key, t.key).buffer);
		} catch (e) {
			return Promise.reject(new nn(e));
		}
	}
	_importRawKey(e, t) {
		return new Promise((n, r) => {
			t && e.byteLength !== this._nPk && r(/* @__PURE__ */ Error("Invalid length of the key")), !t && e.byteLength !== this._nSk && r(/* @__PURE__ */ Error("Invalid length of the key")), n(new Ln(this._algName, new Uint8Array(e), t ? "public" : "private", t ? [] : Pn));
		});
	}
	_importJWK(e, t) {
		return new Promise((n, r) => {
			e.kty !== "OKP" && r(/* @__PURE__ */ Error(`Invalid kty: ${e.kty}`)), e.crv !== this._algName && r(/* @__PURE__ */ Error(`Invalid crv: ${e.crv}`)), t ? (e.d !== void 0 && r(/* @__PURE__ */ Error("Invalid key: `d` should not be set")), typeof e.x != "string" && r(/* @__PURE__ */ Error("Invalid key: `x` not found")), n(new Ln(this._algName, jn(e.x), "public"))) : (typeof e.d != "string" && r(/* @__PURE__ */ Error("Invalid key: `d` not found")), n(new Ln(this._algName, jn(e.d), "private", Pn)));
		});
	}
}, zn = ["encrypt", "decrypt"];
// node_modules/@hpke/common/esm/src/utils/noble.js
function Bn(e) {
	return e instanceof Uint8Array || ArrayBuffer.isView(e) && e.constructor.name === "Uint8Array";
}
function Vn(e, t = "") {
	if (!Number.isSafeInteger(e) || e < 0) {
		let n = t && `"${t}" `;
		throw Error(`${n}expected integer >0, got ${e}`);
	}
}
function Hn(e, t, n = "") {
	let r = Bn(e), i = e?.length, a = t !== void 0;
	if (!r || a && i !== t) {
		let o = n && `"${n}" `, s = a ? ` of length ${t}` : "", c = r ? `length=${i}` : `type=${typeof e}`;
		throw Error(o + "expected Uint8Array" + s + ", got " + c);
	}
	return e;
}
function Un(e, t = !0) {
	if (e.destroyed) throw Error("Hash instance has been destroyed");
	if (t && e.finished) throw Error("Hash#digest() has already been called");
}
function Wn(e, t) {
	Hn(e, void 0, "digestInto() output");
	let n = t.outputLen;
	if (e.length < n) throw Error("\"digestInto() output\" expected to be of length >=" + n);
}
function Gn(e) {
	if (typeof e == "bigint") {
		if (!sr(e)) throw Error("positive bigint expected, got " + e);
	} else Vn(e);
	return e;
}
function Kn(...e) {
	for (let t = 0; t < e.length; t++) e[t].fill(0);
}
(/* @__PURE__ */ new Uint8Array((/* @__PURE__ */ new Uint32Array([287454020])).buffer))[0];
function qn(e) {
	return new DataView(e.buffer, e.byteOffset, e.byteLength);
}
function z(e, t) {
	return e << 32 - t | e >>> t;
}
var Jn = typeof Uint8Array.from([]).toHex == "function" && typeof Uint8Array.fromHex == "function", Yn = /* @__PURE__ */ Array.from({ length: 256 }, (e, t) => t.toString(16).padStart(2, "0")), Xn = [
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
function Zn(e) {
	if (Hn(e), Jn) return e.toHex();
	let t = "";
	for (let n = 0; n < e.length; n++) t += Yn[e[n]];
	return t;
}
var Qn = {
	_0: 48,
	_9: 57,
	A: 65,
	F: 70,
	a: 97,
	f: 102
};
function $n(e) {
	if (e >= Qn._0 && e <= Qn._9) return e - Qn._0;
	if (e >= Qn.A && e <= Qn.F) return e - (Qn.A - 10);
	if (e >= Qn.a && e <= Qn.f) return e - (Qn.a - 10);
}
function er(e) {
	if (typeof e != "string") throw Error("hex string expected, got " + typeof e);
	if (Jn) return Uint8Array.fromHex(e);
	let t = e.length, n = t / 2;
	if (t % 2) throw Error("hex string expected, got unpadded hex of length " + t);
	let r = new Uint8Array(n);
	for (let t = 0, i = 0; t < n; t++, i += 2) {
		let n = $n(e.charCodeAt(i)), a = $n(e.charCodeAt(i + 1));
		if (n === void 0 || a === void 0) {
			let t = e[i] + e[i + 1];
			throw Error("hex string expected, got non-hex character \"" + t + "\" at index " + i);
		}
		r[t] = n * 16 + a;
	}
	return r;
}
function tr(e) {
	if (typeof e != "string") throw Error("hex string expected, got " + typeof e);
	let t = xn;
	for (let n = 0; n < e.length; n++) {
		let r = $n(e.charCodeAt(n));
		if (r === void 0) throw Error("hex string expected, got non-hex character \"" + e[n] + "\" at index " + n);
		t = t << 4n | Xn[r];
	}
	return t;
}
function nr(e) {
	Vn(e, "numberToBigint");
	let t = e, n = xn, r = 1n;
	for (; t > 0;) t % 2 == 1 && (n += r), t = Math.floor(t / 2), r <<= 1n;
	return n;
}
function rr(e) {
	return tr(Zn(or(Hn(e)).reverse()));
}
function ir(e, t) {
	Vn(t), e = Gn(e);
	let n = er(e.toString(16).padStart(t * 2, "0"));
	if (n.length !== t) throw Error("number too large");
	return n;
}
function ar(e, t) {
	return ir(e, t).reverse();
}
function or(e) {
	return Uint8Array.from(e);
}
function sr(e) {
	return typeof e == "bigint" && 0n <= e;
}
function cr(e, t, n) {
	return sr(e) && sr(t) && sr(n) && t <= e && e < n;
}
function lr(e, t, n, r) {
	if (!cr(t, n, r)) throw Error("expected valid " + e + ": " + n + " <= n < " + r + ", got " + t);
}
function ur(e, t = {}, n = {}) {
	if (!e || typeof e != "object") throw Error("expected valid options object");
	function r(t, n, r) {
		let i = e[t];
		if (r && i === void 0) return;
		let a = typeof i;
		if (a !== n || i === null) throw Error(`param "${t}" is invalid: expected ${n}, got ${a}`);
	}
	let i = (e, t) => Object.entries(e).forEach(([e, n]) => r(e, n, t));
	i(t, !1), i(n, !0);
}
async function dr(e = 32) {
	let t = await Mn(), n = new Uint8Array(e);
	return t.getRandomValues(n), n;
}
function fr(e) {
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
function pr(e) {
	if (typeof e != "function" || typeof e.create != "function") throw Error("Hash must wrapped by utils.createHasher");
	Vn(e.outputLen), Vn(e.blockLen);
}
function mr(e, t = {}) {
	let n = (t, n) => e(n).update(t).digest(), r = e(void 0), i = Object.assign(n, {
		outputLen: r.outputLen,
		blockLen: r.blockLen,
		create: (t) => e(t),
		...t
	});
	return Object.freeze(i);
}
// node_modules/@hpke/common/esm/src/hash/hmac.js
var hr = class {
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
		}), pr(e), Hn(t, void 0, "key"), this.iHash = e.create(), typeof this.iHash.update != "function") throw Error("Expected instance of class which extends utils.Hash");
		this.blockLen = this.iHash.blockLen, this.outputLen = this.iHash.outputLen;
		let n = this.blockLen, r = new Uint8Array(n);
		r.set(t.length > n ? e.create().update(t).digest() : t);
		for (let e = 0; e < r.length; e++) r[e] ^= 54;
		this.iHash.update(r), this.oHash = e.create();
		for (let e = 0; e < r.length; e++) r[e] ^= 106;
		this.oHash.update(r), Kn(r);
	}
	update(e) {
		return Un(this), this.iHash.update(e), this;
	}
	digestInto(e) {
		Un(this), Hn(e, this.outputLen, "output"), this.finished = !0, this.iHash.digestInto(e), this.oHash.update(e), this.oHash.digestInto(e), this.destroy();
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
}, gr = (e, t, n) => new hr(e, t).update(n).digest();
gr.create = (e, t) => new hr(e, t);
// node_modules/@hpke/common/esm/src/hash/md.js
function _r(e, t, n) {
	return e & t ^ ~e & n;
}
function vr(e, t, n) {
	return e & t ^ e & n ^ t & n;
}
var yr = class {
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
		}), this.blockLen = e, this.outputLen = t, this.padOffset = n, this.isLE = r, this.buffer = new Uint8Array(e), this.view = qn(this.buffer);
	}
	update(e) {
		Un(this), Hn(e);
		let { view: t, buffer: n, blockLen: r } = this, i = e.length;
		for (let a = 0; a < i;) {
			let o = Math.min(r - this.pos, i - a);
			if (o === r) {
				let t = qn(e);
				for (; r <= i - a; a += r) this.process(t, a);
			} else n.set(e.subarray(a, a + o), this.pos), this.pos += o, a += o, this.pos === r && (this.process(t, 0), this.pos = 0);
		}
		return this.length += e.length, this.roundClean(), this;
	}
	digestInto(e) {
		Un(this), Wn(e, this), this.finished = !0;
		let { buffer: t, view: n, blockLen: r, isLE: i } = this, { pos: a } = this;
		t[a++] = 128, Kn(this.buffer.subarray(a)), this.padOffset > r - a && (this.process(n, 0), a = 0);
		for (let e = a; e < r; e++) t[e] = 0;
		n.setBigUint64(r - 8, nr(this.length * 8), i), this.process(n, 0);
		let o = qn(e), s = this.outputLen;
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
}, br = /* @__PURE__ */ Uint32Array.from([
	1779033703,
	3144134277,
	1013904242,
	2773480762,
	1359893119,
	2600822924,
	528734635,
	1541459225
]), xr = /* @__PURE__ */ Uint32Array.from([
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
]), Sr = /* @__PURE__ */ new Uint32Array(64), Cr = class extends yr {
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
		for (let n = 0; n < 16; n++, t += 4) Sr[n] = e.getUint32(t, !1);
		for (let e = 16; e < 64; e++) {
			let t = Sr[e - 15], n = Sr[e - 2], r = z(t, 7) ^ z(t, 18) ^ t >>> 3, i = z(n, 17) ^ z(n, 19) ^ n >>> 10;
			Sr[e] = i + Sr[e - 7] + r + Sr[e - 16] | 0;
		}
		let { A: n, B: r, C: i, D: a, E: o, F: s, G: c, H: l } = this;
		for (let e = 0; e < 64; e++) {
			let t = z(o, 6) ^ z(o, 11) ^ z(o, 25), u = l + t + _r(o, s, c) + xr[e] + Sr[e] | 0, d = (z(n, 2) ^ z(n, 13) ^ z(n, 22)) + vr(n, r, i) | 0;
			l = c, c = s, s = o, o = a + u | 0, a = i, i = r, r = n, n = u + d | 0;
		}
		n = n + this.A | 0, r = r + this.B | 0, i = i + this.C | 0, a = a + this.D | 0, o = o + this.E | 0, s = s + this.F | 0, c = c + this.G | 0, l = l + this.H | 0, this.set(n, r, i, a, o, s, c, l);
	}
	roundClean() {
		Kn(Sr);
	}
	destroy() {
		this.set(0, 0, 0, 0, 0, 0, 0, 0), Kn(this.buffer);
	}
}, wr = class extends Cr {
	constructor() {
		super(32), Object.defineProperty(this, "A", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[0] | 0
		}), Object.defineProperty(this, "B", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[1] | 0
		}), Object.defineProperty(this, "C", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[2] | 0
		}), Object.defineProperty(this, "D", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[3] | 0
		}), Object.defineProperty(this, "E", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[4] | 0
		}), Object.defineProperty(this, "F", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[5] | 0
		}), Object.defineProperty(this, "G", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[6] | 0
		}), Object.defineProperty(this, "H", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: br[7] | 0
		});
	}
}, Tr = /* @__PURE__ */ mr(() => new wr(), /* @__PURE__ */ fr(1));
// node_modules/@hpke/common/esm/src/curve/modular.js
function Er(e, t) {
	let n = e % t;
	return n >= 0n ? n : t + n;
}
function B(e, t, n) {
	let r = e;
	for (; t-- > xn;) r *= r, r %= n;
	return r;
}
// node_modules/@hpke/common/esm/src/curve/curve.js
function Dr(e, t) {
	return function(n) {
		let r = e(n);
		return {
			secretKey: r,
			publicKey: t(r)
		};
	};
}
// node_modules/@hpke/common/esm/src/curve/montgomery.js
function Or(e) {
	return ur(e, {
		adjustScalarBytes: "function",
		powPminus2: "function"
	}), Object.freeze({ ...e });
}
function kr(e) {
	let { P: t, type: n, adjustScalarBytes: r, powPminus2: i, randomBytes: a } = Or(e), o = n === "x25519";
	if (!o && n !== "x448") throw Error("invalid type");
	let s = a || dr, c = o ? 255n : 448n, l = o ? 32 : 56, u = o ? 9n : 5n, d = o ? 121665n : 39081n, f = o ? Cn ** 254n : Cn ** 447n, p = f + (o ? 8n * Cn ** 251n - Sn : 4n * Cn ** 445n - Sn) + Sn, m = (e) => Er(e, t), h = ee(u);
	function ee(e) {
		return ar(m(e), l);
	}
	function te(e) {
		let t = or(Hn(e, l, "uCoordinate"));
		return o && (t[31] &= 127), m(rr(t));
	}
	function ne(e) {
		return rr(r(or(Hn(e, l, "scalar"))));
	}
	function re(e, t) {
		let n = se(te(t), ne(e));
		if (n === 0n) throw Error("invalid private or public key received");
		return ee(n);
	}
	function ie(e) {
		return re(e, h);
	}
	let ae = ie, oe = re;
	function g(e, t, n) {
		let r = m(e * (t - n));
		return t = m(t - r), n = m(n + r), {
			x_2: t,
			x_3: n
		};
	}
	function se(e, n) {
		lr("u", e, xn, t), lr("scalar", n, f, p);
		let r = n, a = e, o = Sn, s = xn, l = e, u = Sn, h = xn;
		for (let e = c - 1n; e >= xn; e--) {
			let t = r >> e & Sn;
			h ^= t, {x_2: o, x_3: l} = g(h, o, l), {x_2: s, x_3: u} = g(h, s, u), h = t;
			let n = o + s, i = m(n * n), c = o - s, f = m(c * c), p = i - f, ee = l + u, te = l - u, ne = m(te * n), re = m(ee * c), ie = ne + re, ae = ne - re;
			l = m(ie * ie), u = m(a * m(ae * ae)), o = m(i * f), s = m(p * (i + m(d * p)));
		}
		({x_2: o, x_3: l} = g(h, o, l)), {x_2: s, x_3: u} = g(h, s, u);
		let ee = i(s);
		return m(o * ee);
	}
	let _ = {
		secretKey: l,
		publicKey: l,
		seed: l
	}, ce = async (e) => (e === void 0 && (e = await s(l)), Hn(e, _.seed, "seed"), e), le = { randomSecretKey: ce };
	return Object.freeze({
		keygen: Dr(ce, ae),
		getSharedSecret: oe,
		getPublicKey: ae,
		scalarMult: re,
		scalarMultBase: ie,
		utils: le,
		GuBytes: h.slice(),
		lengths: _
	});
}
// node_modules/@hpke/dhkem-x25519/esm/src/primitives/x25519.js
var Ar = 1n, jr = 2n, Mr = 3n, Nr = 5n, Pr = 57896044618658097711785492504343953926634992332820282019728792003956564819949n;
function Fr(e) {
	let t = 10n, n = 80n, r = Pr, i = e * e % r * e % r, a = B(B(i, jr, r) * i % r, Ar, r) * e % r, o = B(a, Nr, r) * a % r, s = B(o, t, r) * o % r, c = B(s, 20n, r) * s % r, l = B(c, 40n, r) * c % r;
	return {
		pow_p_5_8: B(B(B(B(l, n, r) * l % r, n, r) * l % r, t, r) * o % r, jr, r) * e % r,
		b2: i
	};
}
function Ir(e) {
	return e[0] &= 248, e[31] &= 127, e[31] |= 64, e;
}
var Lr = /* @__PURE__ */ (() => {
	let e = Pr;
	return kr({
		P: e,
		type: "x25519",
		powPminus2: (t) => {
			let { pow_p_5_8: n, b2: r } = Fr(t);
			return Er(B(n, Mr, e) * r, e);
		},
		adjustScalarBytes: Ir
	});
})(), Rr = class extends Dn {
	async extract(e, t) {
		await this._setup();
		let n = e.byteLength === 0 ? new ArrayBuffer(this.hashSize) : R(e), r = R(t);
		if (n.byteLength !== this.hashSize) return gr(Tr, new Uint8Array(n), new Uint8Array(r)).buffer;
		let i = await this._api.importKey("raw", n, this.algHash, !1, ["sign"]);
		return await this._api.sign("HMAC", i, r);
	}
}, zr = class extends Rn {
	constructor(e) {
		super("X25519", 32, Lr, e);
	}
	derive(e, t) {
		try {
			return Promise.resolve(this._curve.getSharedSecret(e, t));
		} catch (e) {
			return Promise.reject(new nn(e));
		}
	}
}, Br = "X-Wing", Vr = new Uint8Array([
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
]), Hr = new Uint8Array([
	92,
	46,
	47,
	47,
	94,
	92
]);
function Ur(e, t, n, r) {
	let i = new Uint8Array(e.length + t.length + n.length + r.length + Hr.length);
	return i.set(e, 0), i.set(t, e.length), i.set(n, e.length + t.length), i.set(r, e.length + t.length + n.length), i.set(Hr, e.length + t.length + n.length + r.length), At.create().update(i).digest();
}
var Wr = class {
	constructor() {
		Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: vn.XWing
		}), Object.defineProperty(this, "name", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: Br
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
		}), this._m = new tn(), this._x25519 = new zr(new Rr());
	}
	async serializePublicKey(e) {
		await this._setup();
		try {
			return await this._serializePublicKey(e);
		} catch (e) {
			throw new nn(e);
		}
	}
	async deserializePublicKey(e) {
		await this._setup();
		try {
			return await this._deserializePublicKey(R(e));
		} catch (e) {
			throw new rn(e);
		}
	}
	async serializePrivateKey(e) {
		await this._setup();
		try {
			return await this._serializePrivateKey(e);
		} catch (e) {
			throw new nn(e);
		}
	}
	async deserializePrivateKey(e) {
		await this._setup();
		try {
			return await this._deserializePrivateKey(R(e));
		} catch (e) {
			throw new rn(e);
		}
	}
	async generateKeyPair() {
		await this._setup();
		let e = /* @__PURE__ */ new Uint8Array(32);
		try {
			this._api.getRandomValues(e);
		} catch (e) {
			throw new fn(e);
		}
		try {
			let [t, n] = await this._generateKeyPairDerand(e);
			return {
				privateKey: await this.deserializePrivateKey(e.buffer),
				publicKey: await this.deserializePublicKey(n.buffer)
			};
		} catch (e) {
			throw new dn(e);
		}
	}
	async generateKeyPairDerand(e) {
		if (e.byteLength !== 32) throw new I("Invalid length of sk");
		try {
			let [t, n] = await this._generateKeyPairDerand(e);
			return {
				privateKey: await this.deserializePrivateKey(e.buffer),
				publicKey: await this.deserializePublicKey(n.buffer)
			};
		} catch (e) {
			throw new dn(e);
		}
	}
	async deriveKeyPair(e) {
		await this._setup();
		try {
			let t = R(e), n = jt.create({ dkLen: 32 }).update(new Uint8Array(t)).digest(), [r, i] = await this._generateKeyPairDerand(n);
			return {
				privateKey: await this.deserializePrivateKey(n.buffer),
				publicKey: await this.deserializePublicKey(i.buffer)
			};
		} catch (e) {
			throw new dn(e);
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
			return new Ln(Br, r, n ? "public" : "private", n ? [] : Pn);
		} catch (e) {
			throw new rn(e);
		}
	}
	async encap(e) {
		let t;
		if (e.ekm !== void 0 && !On(e.ekm) && (t = R(e.ekm), t.byteLength !== 64)) throw new I("ekm must be 64 bytes in length");
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
				throw new fn(e);
			}
		}
		let i = new Uint8Array(await this.serializePublicKey(e.recipientPublicKey));
		if (i.byteLength !== 1216) throw new I("Invalid length of recipientPublicKey");
		try {
			let e = i.subarray(0, 1184), t = i.subarray(1184, 1216), a = await this._x25519.derive(r, Vr), o = await this._x25519.derive(r, t), [s, c] = await this._m.encap(e, n);
			return {
				sharedSecret: Ur(c, o, a, t).buffer,
				enc: An(s, a).buffer
			};
		} catch (e) {
			throw new an(e);
		}
	}
	async decap(e) {
		let t = R(e.enc), n = On(e.recipientKey) ? e.recipientKey.privateKey : e.recipientKey;
		if (t.byteLength !== 1120) throw new I("Invalid length of enc");
		let r = new Uint8Array(await this.serializePrivateKey(n));
		if (r.byteLength !== 32) throw new I("Invalid length of recipientKey");
		await this._setup();
		try {
			let [e, n, i, a] = await this._expandDecapsulationKey(r), o = new Uint8Array(t), s = o.subarray(0, 1088), c = o.subarray(1088);
			return Ur(await this._m.decap(s, e), await this._x25519.derive(n, c), c, a).buffer;
		} catch (e) {
			throw new on(e);
		}
	}
	async _setup() {
		this._api === void 0 && (this._api = await Mn());
	}
	async _generateKeyPairDerand(e) {
		let [t, n, r, i] = await this._expandDecapsulationKey(e);
		return [e, An(r, i)];
	}
	async _expandDecapsulationKey(e) {
		let t = jt.create({ dkLen: 96 }).update(e).digest(), [n, r] = await this._m.deriveKeyPair(t.subarray(0, 64)), i = t.subarray(64, 96);
		return [
			r,
			i,
			n,
			await this._x25519.derive(i, Vr)
		];
	}
	_serializePublicKey(e) {
		return new Promise((t, n) => {
			e.type !== "public" && n(/* @__PURE__ */ Error("Not public key")), e.algorithm.name !== this.name && n(/* @__PURE__ */ Error(`Invalid algorithm name: ${e.algorithm.name}`)), e.key.byteLength !== this.publicKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.key.byteLength}`)), t(e.key.buffer);
		});
	}
	_deserializePublicKey(e) {
		return new Promise((t, n) => {
			e.byteLength !== this.publicKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.byteLength}`)), t(new Ln(this.name, new Uint8Array(e), "public"));
		});
	}
	_serializePrivateKey(e) {
		return new Promise((t, n) => {
			e.type !== "private" && n(/* @__PURE__ */ Error("Not private key")), e.algorithm.name !== this.name && n(/* @__PURE__ */ Error(`Invalid algorithm name: ${e.algorithm.name}`)), e.key.byteLength !== this.privateKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.key.byteLength}`)), t(e.key.buffer);
		});
	}
	_deserializePrivateKey(e) {
		return new Promise((t, n) => {
			e.byteLength !== this.privateKeySize && n(/* @__PURE__ */ Error(`Invalid key length: ${e.byteLength}`)), t(new Ln(this.name, new Uint8Array(e), "private", ["deriveBits"]));
		});
	}
	_importJWK(e, t) {
		return new Promise((n, r) => {
			(e.kty === void 0 || e.kty !== "AKP") && r(/* @__PURE__ */ Error(`Invalid kty: ${e.kty}`)), (e.alg === void 0 || e.alg !== Br) && r(/* @__PURE__ */ Error(`Invalid alg: ${e.alg}`)), t || (e.priv === void 0 && r(/* @__PURE__ */ Error("Invalid key: `priv` not found")), e.key_ops !== void 0 && (e.key_ops.length !== 1 || e.key_ops[0] !== "deriveBits") && r(/* @__PURE__ */ Error("Invalid key: `key_ops` should be ['deriveBits']")), n(jn(e.priv))), e.priv !== void 0 && r(/* @__PURE__ */ Error("Invalid key: `priv` should not be set")), e.pub === void 0 && r(/* @__PURE__ */ Error("Invalid key: `pub` not found")), e.key_ops !== void 0 && e.key_ops.length > 0 && r(/* @__PURE__ */ Error("Invalid key: `key_ops` should not be set")), n(jn(e.pub));
		});
	}
}, Gr = 1216, Kr = 1n << 255n, qr = 2n ** 255n - 19n, Jr = 55188659117513257062467267217118295137698188065244968500265048394206261417927n, Yr = /* @__PURE__ */ new Set([
	0n,
	1n,
	qr - 1n,
	qr,
	qr + 1n,
	Jr,
	qr - Jr
]), Xr = new Uint8Array([
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
async function Zr(e) {
	return new Uint8Array(await crypto.subtle.digest("SHA-256", V(e)));
}
async function Qr(e) {
	return T((await Zr(e)).subarray(0, 16));
}
var $r = class e {
	public;
	id;
	#e;
	constructor(e, t, n) {
		this.public = e, this.id = t, this.#e = n;
	}
	static async of(t) {
		if (t.length !== 32) throw new b("a signing key has 32 bytes; copy it whole");
		if (Yr.has(ii(t) & ~Kr)) throw new b("this signing key would accept forgeries; make a new one");
		let n = V(t), r;
		try {
			r = await crypto.subtle.importKey("raw", n, "Ed25519", !0, ["verify"]);
		} catch (e) {
			throw new b("these bytes are no signing key; copy it whole", { cause: e });
		}
		return new e(n, await Qr(n), r);
	}
	static async fromText(t) {
		return e.of(E(t));
	}
	text() {
		return T(this.public);
	}
	async verify(e, t) {
		if (!await crypto.subtle.verify("Ed25519", this.#e, V(e), V(t))) throw new _e("the signature does not verify; ask for the message again");
	}
}, ei = class e {
	secret;
	verifyKey;
	constructor(e, t) {
		this.secret = e, this.verifyKey = t;
	}
	static async generate() {
		let t = await crypto.subtle.generateKey("Ed25519", !1, ["sign", "verify"]), n = new Uint8Array(await crypto.subtle.exportKey("raw", t.publicKey));
		return new e(t.privateKey, await $r.of(n));
	}
	static async kept(t, n) {
		let r = new e(t, await $r.of(n)), i = C("mien: do these halves belong together?");
		try {
			await r.verifyKey.verify(await r.sign(i), i);
		} catch (e) {
			throw new b("these bytes are another key's public half; restore the storage", { cause: e });
		}
		return r;
	}
	static async fromSecret(t) {
		if (t.length !== 32) throw new b("a signing secret has 32 bytes; restore the key");
		let n = w(Xr, t), r = await crypto.subtle.importKey("pkcs8", n, "Ed25519", !0, ["sign"]), { x: i } = await crypto.subtle.exportKey("jwk", r), a = await crypto.subtle.importKey("pkcs8", n, "Ed25519", !1, ["sign"]);
		return new e(a, await $r.fromText(i ?? ""));
	}
	async sign(e) {
		return new Uint8Array(await crypto.subtle.sign("Ed25519", this.secret, V(e)));
	}
}, ti = class e {
	public;
	constructor(e) {
		if (e.length !== 1216) throw new b(`a sealing key has ${Gr} bytes; copy it whole`);
		this.public = V(e);
	}
	static fromText(t) {
		return new e(E(t));
	}
	text() {
		return T(this.public);
	}
}, ni = class e {
	seed;
	sealKey;
	constructor(e, t) {
		this.seed = e, this.sealKey = t;
	}
	static async fromSeed(t) {
		if (t.length !== 32) throw new b("an opening seed has 32 bytes; restore the key");
		let n = new Wr(), r = await n.generateKeyPairDerand(V(t));
		return new e(V(t), new ti(new Uint8Array(await n.serializePublicKey(r.publicKey))));
	}
};
async function ri(e, t, n = 32) {
	let r = await crypto.subtle.importKey("raw", V(e), "HKDF", !1, ["deriveBits"]), i = {
		name: "HKDF",
		hash: "SHA-256",
		salt: /* @__PURE__ */ new Uint8Array(),
		info: C(t)
	};
	return new Uint8Array(await crypto.subtle.deriveBits(i, r, n * 8));
}
function V(e) {
	return new Uint8Array(e);
}
function ii(e) {
	return e.reduceRight((e, t) => e << 8n | BigInt(t), 0n);
}
// node_modules/@hpke/core/esm/src/aeads/aesGcm.js
var ai = class extends gn {
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
		}), this._rawKey = R(e);
	}
	async seal(e, t, n) {
		await this._setupKey();
		let r = {
			name: "AES-GCM",
			iv: R(e),
			additionalData: R(n)
		};
		return await this._api.encrypt(r, this._key, R(t));
	}
	async open(e, t, n) {
		await this._setupKey();
		let r = {
			name: "AES-GCM",
			iv: R(e),
			additionalData: R(n)
		};
		return await this._api.decrypt(r, this._key, R(t));
	}
	async _setupKey() {
		if (this._key !== void 0) return;
		await this._setup();
		let e = await this._importKey(this._rawKey);
		new Uint8Array(this._rawKey).fill(0), this._key = e;
	}
	async _importKey(e) {
		return await this._api.importKey("raw", e, { name: "AES-GCM" }, !0, zn);
	}
}, oi = class {
	constructor() {
		Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: bn.Aes128Gcm
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
		return new ai(e);
	}
}, si = class extends oi {
	constructor() {
		super(...arguments), Object.defineProperty(this, "id", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: bn.Aes256Gcm
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
function ci() {
	return new Promise((e, t) => {
		t(new fn("Not supported"));
	});
}
// node_modules/@hpke/core/esm/src/exporterContext.js
var li = new Uint8Array([
	115,
	101,
	99
]), ui = class {
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
		return await ci();
	}
	async open(e, t) {
		return await ci();
	}
	async export(e, t) {
		let n = R(e);
		if (n.byteLength > 8192) throw new I("Too long exporter context");
		try {
			return await this._kdf.labeledExpand(this.exporterSecret, li, new Uint8Array(n), t);
		} catch (e) {
			throw new sn(e);
		}
	}
}, di = class extends ui {}, fi = class extends ui {
	constructor(e, t, n, r) {
		super(e, t, n), Object.defineProperty(this, "enc", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), this.enc = r;
	}
}, pi = class extends ui {
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
		let t = kn(e.seq, e.baseNonce.byteLength);
		return Nn(e.baseNonce, t).buffer;
	}
	incrementSeq(e) {
		if (e.seq > 2 ** 53 - 1) throw new un("Message limit reached");
		e.seq += 1;
	}
}, mi = function(e, t, n, r) {
	if (n === "a" && !r) throw TypeError("Private accessor was defined without a getter");
	if (typeof t == "function" ? e !== t || !r : !t.has(e)) throw TypeError("Cannot read private member from an object whose class did not declare it");
	return n === "m" ? r : n === "a" ? r.call(e) : r ? r.value : t.get(e);
}, hi = function(e, t, n, r, i) {
	if (r === "m") throw TypeError("Private method is not writable");
	if (r === "a" && !i) throw TypeError("Private accessor was defined without a setter");
	if (typeof t == "function" ? e !== t || !i : !t.has(e)) throw TypeError("Cannot write private member to an object whose class did not declare it");
	return r === "a" ? i.call(e, n) : i ? i.value = n : t.set(e, n), n;
}, gi, _i = class {
	constructor() {
		gi.set(this, Promise.resolve());
	}
	async lock() {
		let e, t = new Promise((t) => {
			e = t;
		}), n = mi(this, gi, "f");
		return hi(this, gi, t, "f"), await n, e;
	}
};
gi = /* @__PURE__ */ new WeakMap();
// node_modules/@hpke/core/esm/src/recipientContext.js
var vi = function(e, t, n, r) {
	if (n === "a" && !r) throw TypeError("Private accessor was defined without a getter");
	if (typeof t == "function" ? e !== t || !r : !t.has(e)) throw TypeError("Cannot read private member from an object whose class did not declare it");
	return n === "m" ? r : n === "a" ? r.call(e) : r ? r.value : t.get(e);
}, yi = function(e, t, n, r, i) {
	if (r === "m") throw TypeError("Private method is not writable");
	if (r === "a" && !i) throw TypeError("Private accessor was defined without a setter");
	if (typeof t == "function" ? e !== t || !i : !t.has(e)) throw TypeError("Cannot write private member to an object whose class did not declare it");
	return r === "a" ? i.call(e, n) : i ? i.value = n : t.set(e, n), n;
}, bi, xi = class extends pi {
	constructor() {
		super(...arguments), bi.set(this, void 0);
	}
	async open(e, t = L.buffer) {
		yi(this, bi, vi(this, bi, "f") ?? new _i(), "f");
		let n = await vi(this, bi, "f").lock(), r;
		try {
			r = await this._ctx.key.open(this.computeNonce(this._ctx), R(e), R(t));
		} catch (e) {
			throw new ln(e);
		} finally {
			n();
		}
		return this.incrementSeq(this._ctx), r;
	}
};
bi = /* @__PURE__ */ new WeakMap();
// node_modules/@hpke/core/esm/src/senderContext.js
var Si = function(e, t, n, r) {
	if (n === "a" && !r) throw TypeError("Private accessor was defined without a getter");
	if (typeof t == "function" ? e !== t || !r : !t.has(e)) throw TypeError("Cannot read private member from an object whose class did not declare it");
	return n === "m" ? r : n === "a" ? r.call(e) : r ? r.value : t.get(e);
}, Ci = function(e, t, n, r, i) {
	if (r === "m") throw TypeError("Private method is not writable");
	if (r === "a" && !i) throw TypeError("Private accessor was defined without a setter");
	if (typeof t == "function" ? e !== t || !i : !t.has(e)) throw TypeError("Cannot write private member to an object whose class did not declare it");
	return r === "a" ? i.call(e, n) : i ? i.value = n : t.set(e, n), n;
}, wi, Ti = class extends pi {
	constructor(e, t, n, r) {
		super(e, t, n), Object.defineProperty(this, "enc", {
			enumerable: !0,
			configurable: !0,
			writable: !0,
			value: void 0
		}), wi.set(this, void 0), this.enc = r;
	}
	async seal(e, t = L.buffer) {
		Ci(this, wi, Si(this, wi, "f") ?? new _i(), "f");
		let n = await Si(this, wi, "f").lock(), r;
		try {
			r = await this._ctx.key.seal(this.computeNonce(this._ctx), R(e), R(t));
		} catch (e) {
			throw new cn(e);
		} finally {
			n();
		}
		return this.incrementSeq(this._ctx), r;
	}
};
wi = /* @__PURE__ */ new WeakMap();
// node_modules/@hpke/core/esm/src/cipherSuiteNative.js
var Ei = new Uint8Array([
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
]), Di = new Uint8Array([
	101,
	120,
	112
]), Oi = new Uint8Array([
	105,
	110,
	102,
	111,
	95,
	104,
	97,
	115,
	104
]), ki = new Uint8Array([
	107,
	101,
	121
]), Ai = new Uint8Array([
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
]), ji = new Uint8Array([
	115,
	101,
	99,
	114,
	101,
	116
]), Mi = new Uint8Array([
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
]), Ni = class extends gn {
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
		}), typeof e.kem == "number") throw new I("KemId cannot be used");
		if (this._kem = e.kem, typeof e.kdf == "number") throw new I("KdfId cannot be used");
		if (this._kdf = e.kdf, typeof e.aead == "number") throw new I("AeadId cannot be used");
		this._aead = e.aead, this._suiteId = new Uint8Array(Mi), this._suiteId.set(kn(this._kem.id, 2), 4), this._suiteId.set(kn(this._kdf.id, 2), 6), this._suiteId.set(kn(this._aead.id, 2), 8), this._kdf.init(this._suiteId);
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
		return n = e.psk === void 0 ? e.senderKey === void 0 ? _n.Base : _n.Auth : e.senderKey === void 0 ? _n.Psk : _n.AuthPsk, await this._keyScheduleS(n, t.sharedSecret, t.enc, e);
	}
	async createRecipientContext(e) {
		this._validateInputLength(e), await this._setup();
		let t = await this._kem.decap(e), n;
		return n = e.psk === void 0 ? e.senderPublicKey === void 0 ? _n.Base : _n.Auth : e.senderPublicKey === void 0 ? _n.Psk : _n.AuthPsk, await this._keyScheduleR(n, t, e);
	}
	async seal(e, t, n = L.buffer) {
		let r = await this.createSenderContext(e);
		return {
			ct: await r.seal(t, n),
			enc: r.enc
		};
	}
	async open(e, t, n = L.buffer) {
		return await (await this.createRecipientContext(e)).open(t, n);
	}
	async _keySchedule(e, t, n) {
		let r = n.psk === void 0 ? L : Tn(n.psk.id), i = await this._kdf.labeledExtract(L, Ai, r), a = n.info === void 0 ? L : Tn(n.info), o = await this._kdf.labeledExtract(L, Oi, a), s = new Uint8Array(1 + i.byteLength + o.byteLength);
		s.set(new Uint8Array([e]), 0), s.set(new Uint8Array(i), 1), s.set(new Uint8Array(o), 1 + i.byteLength);
		let c = n.psk === void 0 ? L : Tn(n.psk.key), l = this._kdf.buildLabeledIkm(ji, c), u = this._kdf.buildLabeledInfo(Di, s, this._kdf.hashSize), d = await this._kdf.extractAndExpand(t, l, u, this._kdf.hashSize);
		if (this._aead.id === bn.ExportOnly) return {
			aead: this._aead,
			exporterSecret: d
		};
		let f = this._kdf.buildLabeledInfo(ki, s, this._aead.keySize), p = await this._kdf.extractAndExpand(t, l, f, this._aead.keySize), m = this._kdf.buildLabeledInfo(Ei, s, this._aead.nonceSize), h = await this._kdf.extractAndExpand(t, l, m, this._aead.nonceSize);
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
		return i.key === void 0 ? new fi(this._api, this._kdf, i.exporterSecret, n) : new Ti(this._api, this._kdf, i, n);
	}
	async _keyScheduleR(e, t, n) {
		let r = await this._keySchedule(e, t, n);
		return r.key === void 0 ? new di(this._api, this._kdf, r.exporterSecret) : new xi(this._api, this._kdf, r);
	}
	_validateInputLength(e) {
		if (e.info !== void 0 && e.info.byteLength > 268435456) throw new I("Too long info");
		if (e.psk !== void 0) {
			if (e.psk.key.byteLength < 32) throw new I("PSK must have at least 32 bytes");
			if (e.psk.key.byteLength > 8192) throw new I("Too long psk.key");
			if (e.psk.id.byteLength > 8192) throw new I("Too long psk.id");
		}
	}
}, Pi = class extends Ni {}, Fi = class extends Dn {}, Ii = 1120, Li = 1136, Ri = {
	ENVELOPE: "mien envelope v1",
	STREAM_KEY: "mien stream key v1",
	CORRECTION: "mien correction v1",
	WHY: "mien why v1",
	EXPORT: "mien export v1",
	RANK: "mien rank v1",
	REWARD: "mien reward v1"
};
function zi() {
	return new Pi({
		kem: new Wr(),
		kdf: new Fi(),
		aead: new si()
	});
}
async function Bi(e, t, n, ...r) {
	try {
		let i = zi(), a = await i.kem.deserializePublicKey(V(t.public).buffer), o = Me(C(n), ...r).buffer, s = await i.createSenderContext({
			recipientPublicKey: a,
			info: o
		});
		return w(new Uint8Array(s.enc), new Uint8Array(await s.seal(V(e).buffer)));
	} catch (e) {
		throw new b("nothing can be sealed to this key; make a new one", { cause: e });
	}
}
async function Vi(e, t, n, ...r) {
	try {
		let i = zi(), a = await i.kem.importKey("raw", V(t.seed).buffer, !1), o = V(e.subarray(0, Ii)).buffer, s = Me(C(n), ...r).buffer, c = await i.createRecipientContext({
			recipientKey: a,
			enc: o,
			info: s
		});
		return new Uint8Array(await c.open(V(e.subarray(Ii)).buffer));
	} catch (e) {
		throw new he("the sealed message does not open with this key and context; seal it again", { cause: e });
	}
}
async function Hi(e, t, ...n) {
	return new Uint8Array(await crypto.subtle.sign("HMAC", await Ui(e, "sign"), Me(C(t), ...n)));
}
async function Ui(e, t) {
	return crypto.subtle.importKey("raw", V(e), {
		name: "HMAC",
		hash: "SHA-256"
	}, !1, [t]);
}
function Wi(e) {
	let t = 4 + Number(je(e.subarray(0, 4)));
	if (e.length < t || e.subarray(t).some((e) => e !== 0)) throw new he("the padding is damaged; ask for the message again");
	return V(e.subarray(4, t));
}
// src/wire/shapes.ts
function H(e, t) {
	return new b(`\`${e}\` is wrong: ${t}`);
}
function U(e = null, t = 2 ** 53 - 1, n = 0) {
	return (r, i) => {
		if (typeof r != "string") throw H(i, "expected a text");
		let a = Ne(r);
		if (a > t || a < n) throw H(i, `expected ${n} to ${t} characters`);
		if (e !== null && !e.test(r)) throw H(i, "expected another form of text");
		return r;
	};
}
function W(e, t) {
	return (n, r) => {
		if (typeof n != "number" || !Number.isSafeInteger(n) || n < e || n > t) throw H(r, `expected a whole number from ${e} to ${t}`);
		return n;
	};
}
var Gi = (e, t) => {
	if (typeof e != "boolean") throw H(t, "expected true or false");
	return e;
};
function G(...e) {
	return (t, n) => {
		let r = e.find((e) => e === t);
		if (r === void 0) throw H(n, "expected one of its words");
		return r;
	};
}
function K(e, t = 2 ** 53 - 1, n = 0) {
	return (r, i) => {
		if (!Array.isArray(r)) throw H(i, "expected a list");
		if (r.length > t || r.length < n) throw H(i, `expected ${n} to ${t} of them`);
		return r.map((t, n) => e(t, `${i}.${n}`));
	};
}
function q(e) {
	return (t, n) => t === null ? null : e(t, n);
}
function J(e, t) {
	return (n, r) => n === void 0 ? t : e(n, r);
}
function Y(e, t, n = () => null) {
	return (r, i) => {
		let a = i === "" ? e : i, o = qi(r, a);
		if (Object.keys(o).some((e) => !Object.hasOwn(t, e))) throw H(a, "unknown fields are refused");
		let s = Ji(t, o, a), c = n(s);
		if (c !== null) throw H(a, c);
		return s;
	};
}
function Ki(e, t) {
	return (n, r) => {
		let i = r === "" ? e : r;
		return Ji(t, qi(n, i), i);
	};
}
function qi(e, t) {
	if (!Re(e)) throw H(t, "expected an object");
	return e;
}
function Ji(e, t, n) {
	let r = Object.entries(e).map(([e, r]) => [e, r(Object.hasOwn(t, e) ? t[e] : void 0, `${n}.${e}`)]);
	return Object.fromEntries(r);
}
function X(e, t) {
	return e(t, "");
}
var Yi = 517, Xi = 31, Zi = 15, Qi = 255, $i = 65535, ea = 4294967295, ta = [
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
function na(e, t) {
	if (!aa(t, 0, 4294967295)) throw new pe("the base time of an envelope is in whole unix seconds; correct the clock");
	if (e.length > 64) throw new pe("an envelope holds 64 labels; send the rest in the next");
	let n = new Uint8Array(8 * (64 - e.length));
	return w(Ae(1, 1), Ae(t, 4), ...e.map((e) => ra(e, t)), n);
}
function ra(e, t) {
	ia(e);
	let n = e.ended_at - t;
	if (!aa(n, 0, $i)) throw new pe("the label lies outside the time this envelope can hold; start a new envelope");
	let r = {
		present: 1,
		expression: l.indexOf(e.expression),
		second: e.second === null ? 0 : 1 + l.indexOf(e.second),
		state: u.indexOf(e.state),
		polarity: d.indexOf(e.polarity),
		valence: e.valence === null ? Xi : e.valence + Zi,
		arousal: e.arousal === null ? Xi : e.arousal + Zi,
		confidence: e.confidence,
		window: e.window - 1,
		source: f.indexOf(e.source),
		model: e.model,
		since: n,
		zero: 0
	};
	return Ae(ta.reduce((e, [t, n]) => e << BigInt(n) | BigInt(r[t]), 0n), 8);
}
function ia(e) {
	let t = [
		l.includes(e.expression),
		e.second === null || l.includes(e.second),
		e.second !== e.expression,
		u.includes(e.state),
		d.includes(e.polarity),
		f.includes(e.source)
	], n = [
		aa(e.confidence, 0, 15),
		aa(e.window, 1, 64),
		aa(e.model, 0, Qi),
		e.valence === null || aa(e.valence, -15, Zi),
		e.arousal === null || aa(e.arousal, -15, Zi),
		aa(e.ended_at, 0, ea)
	];
	if (![...t, ...n].every(Boolean)) throw new pe("the label is outside the closed vocabulary; see the reference of labels");
}
function aa(e, t, n) {
	return Number.isInteger(e) && t <= e && e <= n;
}
var oa = Yi + Li, sa = 67108864;
function ca(e) {
	return RegExp(`^[A-Za-z0-9_-]{${Math.ceil(e * 4 / 3)}}$`);
}
var la = /^[a-z][a-z0-9-]{1,40}$/, ua = U(la), da = U(/^sub_[a-z2-7]{26}$/), fa = U(/^[a-z]{2,4}_[a-z2-7]{26}$/), pa = U(/^[a-z]{2,4}_[a-z2-7]{26}(-[0-6][0-9])?$/), ma = U(ca(16)), ha = U(ca(16)), Z = U(ca(32)), ga = U(ca(32)), _a = U(ca(1216)), va = U(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/), Q = W(0, 4294967295), ya = U(/^[A-Z]{2}(-[A-Z]{2})?$/), ba = /^[a-z]{2}$/, xa = G(...p), Sa = K(xa, p.length, 1), Ca = W(0, 255), wa = U(null, 4e3), Ta = W(-(2 ** 53 - 1), 2 ** 53 - 1), Ea = K(U()), Da = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, Oa = U(Da, 32768), ka = J(G(1), 1), Aa = Y("SealKeyDoc", {
	kid: va,
	public: _a,
	not_before: Q,
	not_after: Q
}), ja = Y("Limits", {
	envelope_bytes: J(Ta, oa),
	candidates: J(Ta, 200),
	places: J(Ta, 20),
	clock_skew: J(Ta, 120)
}), Ma = Y("Service", {
	v: ka,
	audit_origin: U(),
	audit_key: U(),
	seal_keys: K(Aa, 8, 1),
	bundle_version: U(),
	bundle_sha256: Z,
	limits: J(ja, {
		envelope_bytes: oa,
		candidates: 200,
		places: 20,
		clock_skew: 120
	}),
	at: Q
}), Na = Y("SignedAnswer", { jws: Oa }), Pa = Y("PurposeDoc", {
	id: xa,
	title: U(null, 120),
	text: wa
}), Fa = Y("Notice", {
	v: ka,
	site: ua,
	locale: U(ba),
	version: U(null, 40),
	title: U(null, 200),
	text: U(null, 2e4),
	purposes: K(Pa, p.length, 1),
	controller: U(null, 200),
	contact: U(null, 200),
	retention_days: W(0, 36500),
	release: wa
}), Ia = Y("ClaimsDoc", {
	jurisdictions: K(ya, 8, 1),
	sector: G(...m),
	role: G(...h),
	age_band: G(...ee),
	gpc: Gi
}), La = Y("KeyDoc", {
	role: G(...re),
	sign: ga,
	seal: J(q(_a), null),
	stream_kid: J(q(va), null),
	sealed_stream_key: J(q(U(ca(32 + Li))), null)
}, (e) => [
	e.seal,
	e.stream_kid,
	e.sealed_stream_key
].map((e) => e !== null).every((t) => t === (e.role === "device")) ? null : "a device has sealing and stream keys, any other key has none"), Ra = {
	v: ka,
	site: ua,
	subject: da,
	at: Q,
	nonce: ha
}, za = {
	...Ra,
	model: J(Ca, 0)
}, Ba = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u, Va = Y("ReleaseDoc", {
	name: U(null, 120, 2),
	text_sha256: Z,
	at: Q
}, ({ name: e }) => {
	let t = e.match(/\p{L}/gu)?.length ?? 0;
	return !Ba.test(e) && e === e.trim() && t >= 2 ? null : "a written release bears a name: letters, and nothing invisible";
}), Ha = Y("GuardianDoc", {
	approval: Oa,
	verification: J(q(Oa), null)
}), Ua = Y("ConsentStatement", {
	...za,
	keys: K(La, 4, 1),
	notice_sha256: Z,
	locale: U(ba),
	purposes: Sa,
	claims: Ia,
	release: J(q(Va), null),
	guardian: J(q(Ha), null),
	renewal: J(Gi, !1),
	method: U(/^[a-z-]{2,40}$/),
	site_handle: J(q(Z), null)
}, (e) => Wa(e));
function Wa(e) {
	let t = e.keys.map((e) => e.role);
	return t[0] === "device" ? new Set(e.purposes).size === e.purposes.length ? new Set(t).size !== t.length || t.includes("link") ? "a consent names its device and at most one recovery and one guardian's key; others join with `/v1/keys`" : e.guardian !== null === t.includes("guardian") ? e.site_handle !== null === e.purposes.includes("bind_account") ? null : "a site handle needs the purpose bind_account, and the other way round" : "a guardian's consent names the guardian's key" : "each purpose is named once" : "the first key is the device that signs";
}
var Ga = Y("WithdrawalStatement", {
	...za,
	purposes: Sa
}), Ka = Y("CapabilityRequest", za), qa = Y("KeyChange", {
	...za,
	add: J(q(La), null),
	possession: J(q(Oa), null),
	expires_at: J(Q, 0),
	remove: J(q(ma), null)
}, (e) => {
	if (e.add === null == (e.remove === null)) return "a key change adds one key or removes one";
	if (e.add === null != (e.possession === null)) return "a new key signs that it wants to join, and only a new one";
	let t = e.add !== null && e.add.role === "link";
	return e.expires_at > 0 === t ? null : "a link key says when it ends, and no other does";
}), Ja = Y("KeyPossession", Ra), Ya = Y("ExportRequest", {
	...Ra,
	seal: _a
}), Xa = Y("CorrectionStatement", {
	...Ra,
	record: pa,
	kid: va,
	sealed: U(ca(12 + Li))
}), Za = Y("ErasureStatement", Ra), Qa = Y("Promise", {
	origin: U(),
	leaf: Z,
	publish_by: Q
}), $a = Y("Refusal", {
	purpose: xa,
	laws: Ea,
	says: Ea
}), eo = Y("Receipt", {
	v: ka,
	receipt: fa,
	site: ua,
	subject: da,
	outcome: G("given", "renewed", "refused", "withdrawn", "revoked", "expired", "invalidated"),
	purposes: K(xa),
	refused: J(K($a), []),
	withdrawn: J(K(xa), []),
	laws: Ea,
	says: Ea,
	notice_sha256: Z,
	statement_sha256: Z,
	jurisdictions: K(ya),
	by: G(...re),
	bundle_version: U(),
	bundle_sha256: Z,
	at: Q,
	expires_at: Q,
	promise: Qa
}), to = Y("Capability", {
	v: ka,
	site: ua,
	subject: da,
	device: ma,
	may: K(G("infer", "send", "contribute")),
	purposes: K(xa),
	model: Ca,
	bundle_sha256: Z,
	issued_at: Q,
	expires_at: Q
}), no = Y("ConsentAnswer", {
	receipt: Oa,
	capability: q(Oa)
}), ro = Y("CapabilityAnswer", { capability: Oa }), io = Y("Certificate", {
	v: ka,
	erasure: fa,
	site: ua,
	stage: G("accepted", "completed"),
	accepted_at: Q,
	completed_at: q(Q),
	complete_by: Q,
	key_destroyed: Gi,
	records_deleted: Ta,
	events_subtracted: Ta,
	backups_unreadable_by: Q,
	held_until: J(q(Q), null),
	promise: Qa
}), ao = Y("ErasureAnswer", {
	erasure: fa,
	certificate: Oa
}), oo = Y("ExportSeal", {
	v: ka,
	site: ua,
	subject: da,
	at: Q,
	sha256: Z
}), so = Y("ExportAnswer", {
	sealed: U(null, sa),
	signature: Oa
}), co = Y("Accepted", {
	accepted: J(G(!0), !0),
	duplicate: J(Gi, !1)
}), lo = Y("Envelope", {
	v: ka,
	site: ua,
	subject: da,
	device: ma,
	seq: W(1, 2 ** 53 - 1),
	kid: va,
	ct: U(ca(oa)),
	mac: Z
});
function uo(e, t, n, r, i) {
	return [
		C(e),
		C(t),
		C(n),
		Ae(r, 8),
		C(i)
	];
}
var fo = Y("OfferDoc", {
	id: U(/^[A-Za-z0-9_.:-]{1,64}$/),
	title: U(null, 200),
	price: W(0, 10 ** 12),
	currency: J(U(/^[A-Z]{3}$/), "EUR"),
	tags: J(K(U(/^[a-z0-9_-]{1,40}$/), 16), []),
	stock: J(W(0, 10 ** 9), 1)
}), po = {
	asker: J(q(Y("Asker", {
		subject: da,
		device: ma,
		at: Q
	})), null),
	mac: J(q(Z), null)
};
function mo(e) {
	return e.asker === null == (e.mac === null) ? null : "an asker is authenticated by a MAC, and the other way round";
}
var ho = Y("RankRequest", {
	v: ka,
	...po,
	site: ua,
	request: ha,
	page: J(U(/^[a-z0-9_/-]{1,64}$/), "home"),
	places: J(W(1, 20), 5),
	candidates: J(q(K(fo, 200, 1)), null)
}, (e) => mo(e)), go = Y("RankAnswer", {
	event: fa,
	places: K(Y("PlaceDoc", {
		place: W(1, 20),
		offer: fo
	})),
	sealed_why: q(U(null, 32768))
}), _o = Y("Why", {
	used_emotion: Gi,
	why: wa,
	places: K(wa),
	laws: Ea
}), vo = Y("RewardRequest", {
	v: ka,
	...po,
	site: ua,
	event: fa,
	place: J(W(1, 20), 1),
	reward: W(0, 100)
}, (e) => mo(e));
async function yo(e, t, n, r) {
	let { mac: i, ...a } = {
		...e,
		asker: t,
		mac: null
	};
	return {
		...e,
		asker: t,
		mac: T(await Hi(n, r, Fe(a)))
	};
}
var bo = Y("ProofAnswer", {
	proof: U(),
	entry: U(null, 1024)
}), xo = Ki("Problem", {
	type: U(),
	title: U(),
	status: Ta,
	detail: U(),
	code: U(),
	laws: J(Ea, [])
}), So = "Ed25519", Co = 32768, $ = {
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
async function wo(e, t, n) {
	let r = `${T(Fe({
		alg: So,
		kid: n.verifyKey.id,
		typ: e
	}))}.${T(Fe(t))}`;
	return `${r}.${T(await n.sign(C(r)))}`;
}
async function To(e, t, n) {
	let { header: r, payload: i, signed: a, signature: o } = ko(e);
	if (!ke(Fe(r), Fe({
		alg: "Ed25519",
		kid: n.id,
		typ: t
	}))) throw new _e(`not a \`${t}\` signed by the expected key; ask for it again`);
	return await n.verify(Eo(o), C(a)), i;
}
function Eo(e) {
	try {
		return E(e);
	} catch (e) {
		throw e instanceof g ? new _e("the signature does not verify; ask for the message again", { cause: e }) : e;
	}
}
function Do(e) {
	let t = ko(e).header.typ;
	if (typeof t != "string") throw new b("the statement names no kind; build it with `consent`");
	return t;
}
function Oo(e) {
	return ko(e).payload;
}
function ko(e) {
	let [t, n, r, ...i] = e.split(".", 4);
	if (e.length > 32768 || t === void 0 || n === void 0 || r === void 0 || i.length > 0) throw new b("not a signed statement; send JWS compact");
	return {
		header: Ao(E(t)),
		payload: Ao(E(n)),
		signed: `${t}.${n}`,
		signature: r
	};
}
function Ao(e) {
	let t = Le(e, Co);
	if (!Re(t)) throw new b("a signed statement holds an object; see the reference of the wire format");
	return t;
}
async function jo(e) {
	return T(await Zr(Fe(e)));
}
async function Mo(e) {
	return T(await Zr(C(e)));
}
async function No(e, t, n) {
	let r = await Lo(e, $.SERVICE, t, Ma, (e) => new v("the service document is not signed by the trusted key; check the server address and the trust key", { cause: e }));
	if (r.at > n + 120) throw new Ce("the server's clock is ahead of this device by more than two minutes; set the clock");
	return r;
}
async function Po(e, t, n, r, i = null) {
	let a = await Lo(e, $.RECEIPT, t, eo, (e) => new ue("the receipt is not signed by the trusted key; do not rely on it and ask again", { cause: e }));
	if (a.site !== n || a.subject !== r) throw new ue("the receipt is for another site or person; ask again");
	if (i !== null && a.statement_sha256 !== await Mo(i)) throw new ue("the receipt answers another statement; ask again");
	return a;
}
async function Fo(e, t, n, r, i) {
	let a = await Lo(e, $.CAPABILITY, t, to, (e) => new de("the capability is not signed by the trusted key; ask the server for another", { cause: e }));
	if (a.site !== n || a.subject !== r || a.device !== i) throw new de("the capability was given to another site, person or device; ask for one of your own");
	let o = a.expires_at - a.issued_at;
	if (o <= 0 || o > 300) throw new de("the capability claims to live longer than five minutes; ask for another");
	return a;
}
async function Io(e, t, n, r) {
	let i = await Lo(e, $.CERTIFICATE, t, io, (e) => new ue("the certificate is not signed by the trusted key; ask for it again", { cause: e }));
	if (i.site !== n || i.erasure !== r) throw new ue("the certificate is for another erasure; ask for it again");
	return i;
}
async function Lo(e, t, n, r, i) {
	try {
		return X(r, await To(e, t, n));
	} catch (e) {
		throw e instanceof _e || e instanceof b ? i(e) : e;
	}
}
var Ro = 16, zo = 4, Bo = "abcdefghijklmnopqrstuvwxyz234567";
function Vo(e) {
	return Go(e).match(RegExp(`.{1,${zo}}`, "g"))?.join("-") ?? "";
}
function Ho(e) {
	let t = e.replaceAll(/[\s-]/g, "").toLowerCase(), n = [...t].map((e) => Bo.indexOf(e));
	if (t.length !== 32 || n.includes(-1)) throw new b("a recovery code has eight groups of four; copy it whole");
	let r = n.reduce((e, t) => e << 5n | BigInt(t), 0n), i = /* @__PURE__ */ new Uint8Array(20);
	for (let e = 0; e < 20; e += 1) i[e] = Number(r >> BigInt(8 * (19 - e)) & 255n);
	return i;
}
async function Uo(e) {
	return ei.fromSecret(await ri(e, "mien recovery key v1"));
}
async function Wo(e) {
	return `sub_${Go(await ri(e, "mien subject v1", Ro))}`;
}
function Go(e) {
	let t = Math.ceil(e.length * 8 / 5), n = je(e) << BigInt(t * 5 - e.length * 8), r = (e) => Number(n >> BigInt(5 * (t - 1 - e)) & 31n);
	return Array.from({ length: t }, (e, t) => Bo.charAt(r(t))).join("");
}
var Ko = "the capability is older than its five minutes; connect to the server to renew it", qo = class {
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
		let r = await Fo(e, this.trust, this.site, this.subject, this.device);
		this.#e = e, this.#t = r, this.#n = n + (r.expires_at - t);
	}
	shut() {
		this.#e = null, this.#t = null;
	}
	require(e, t, n, r = null) {
		let i = this.#t;
		if (i === null) throw new _("the person has not said yes, or took it back; show the notice and ask");
		if (Jo(i, t), n >= this.#n) throw new fe(Ko);
		if (!i.may.includes(e) || i.purposes.length === 0) throw new _(`the server's policy does not allow \`${e}\` now; see the laws in the receipt`);
		if (r !== null && !i.purposes.includes(r)) throw new _(`the person has not said yes to \`${r}\`; ask for that purpose`);
		if (e === "infer" && i.model === 0) throw new de("the capability names no model, so no face may be read on it; ask for consent to read");
		return i;
	}
	remaining(e, t) {
		return this.#t === null ? 0 : Math.max(0, Math.min(this.#t.expires_at - e, this.#n - t));
	}
};
function Jo(e, t) {
	if (t >= e.expires_at) throw new fe(Ko);
	if (t < e.issued_at - 120) throw new Ce("this device's clock is more than two minutes behind the server's; set the clock");
}
// src/wire/lifecycle.ts
var Yo = {
	withdraw: "withdrawn",
	revoke: "revoked",
	expire: "expired",
	invalidate: "invalidated"
}, Xo = {
	ask: "requested",
	defer: "deferred",
	refuse: "refused"
}, Zo = [
	"none",
	"requested",
	"deferred",
	"refused"
];
function Qo(e) {
	return ne.includes(e);
}
function $o(e, t) {
	switch (t) {
		case "give": return Qo(e) ? "renewed" : "given";
		case "renew":
			if (Qo(e)) return "renewed";
			throw new _(`a consent that is \`${e}\` cannot be renewed; show the notice and ask anew`);
		case "withdraw":
		case "revoke":
		case "expire":
		case "invalidate": return Qo(e) ? Yo[t] : e;
		case "ask":
		case "defer":
		case "refuse": return Zo.includes(e) ? Xo[t] : e;
	}
}
var es = K(G(...p), p.length), ts = U(/^[A-Za-z0-9_-]{43}$/), ns = q(U(Da, 32768)), rs = Y("Person", {
	v: G(1),
	site: U(null, 41),
	subject: U(/^sub_[a-z2-7]{26}$/),
	device: ts,
	seed: ts,
	stream_key: ts,
	purposes: es,
	state: G(...te),
	expires_at: W(0, 4294967295),
	ask_again: Gi,
	unanswered: es,
	receipt: ns,
	capability: ns,
	withdrawing: es,
	erasing: Gi,
	recovery: q(U(null, 64))
});
async function is(e, t, n, r, i) {
	return {
		site: e,
		subject: t,
		sign: n,
		recovery: i,
		seal: await ni.fromSeed(r(32)),
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
function as(e, t) {
	return Qo(e.state) && e.expiresAt > 0 && e.expiresAt <= t;
}
function os(e) {
	return {
		...e,
		state: $o(e.state, "expire"),
		purposes: [],
		capability: null,
		askAgain: !0
	};
}
function ss(e, t) {
	let n = [.../* @__PURE__ */ new Set([...e.purposes, ...e.unanswered])], r = e.purposes.filter((e) => !t.includes(e));
	return {
		...e,
		purposes: r,
		unanswered: e.unanswered.filter((e) => !t.includes(e)),
		withdrawing: [.../* @__PURE__ */ new Set([...e.withdrawing, ...n.filter((e) => t.includes(e))])],
		capability: null,
		state: r.length > 0 ? e.state : $o(e.state, "withdraw"),
		askAgain: e.askAgain && r.length > 0
	};
}
function cs(e) {
	return {
		v: 1,
		site: e.site,
		subject: e.subject,
		device: e.sign.verifyKey.text(),
		seed: T(e.seal.seed),
		stream_key: T(e.streamKey),
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
function ls(e) {
	return X(rs, e);
}
async function us(e, t) {
	return {
		site: e.site,
		subject: e.subject,
		sign: t,
		seal: await ni.fromSeed(E(e.seed)),
		streamKey: E(e.stream_key),
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
async function ds(e, t, n, r, i) {
	let a = [await ms(e, r)];
	return i !== null && a.push({
		role: "recovery",
		sign: i.text()
	}), Ss($.CONSENT, Ua, e.sign, {
		...xs(e, t),
		keys: a,
		notice_sha256: await jo(n.notice),
		locale: n.notice.locale,
		purposes: [...n.purposes],
		claims: fs(n.claims),
		release: n.release === null ? null : await ps(n.notice, n.release),
		renewal: n.renewal,
		method: n.method
	});
}
function fs(e) {
	return X(Ia, {
		jurisdictions: [...e.jurisdictions],
		sector: e.sector ?? "retail",
		role: e.role ?? "customer",
		age_band: e.age_band ?? "undeclared",
		gpc: e.gpc ?? !1
	});
}
async function ps(e, t) {
	if (e.release === "") throw new b("this notice has no release to sign; leave `release` out");
	return X(Va, {
		name: t.name,
		text_sha256: T(await Zr(C(e.release))),
		at: t.at
	});
}
async function ms(e, t) {
	let n = [
		C(e.site),
		C(e.subject),
		C(e.sign.verifyKey.id)
	];
	return {
		role: "device",
		sign: e.sign.verifyKey.text(),
		seal: e.seal.sealKey.text(),
		stream_kid: t.kid,
		sealed_stream_key: T(await Bi(e.streamKey, t.key, Ri.STREAM_KEY, ...n))
	};
}
async function hs(e, t, n) {
	return Ss($.WITHDRAWAL, Ga, e.sign, {
		...xs(e, t),
		purposes: [...n]
	});
}
async function gs(e, t) {
	return Ss($.CAPABILITY_REQUEST, Ka, e.sign, xs(e, t));
}
async function _s(e, t) {
	return Ss($.EXPORT_REQUEST, Ya, e.sign, {
		...xs(e, t),
		seal: e.seal.sealKey.text()
	});
}
async function vs(e, t, n, r, i) {
	let a = w(Ae(r.ended_at, 4), ra(r, r.ended_at)), o = [
		C(e.site),
		C(e.subject),
		C(n)
	];
	return Ss($.CORRECTION, Xa, e.sign, {
		...xs(e, t),
		record: n,
		kid: i.kid,
		sealed: T(await Bi(a, i.key, Ri.CORRECTION, ...o))
	});
}
async function ys(e, t) {
	return Ss($.ERASURE, Za, e.sign, xs(e, t));
}
async function bs(e, t, n, r) {
	let i = await Ss($.KEY_POSSESSION, Ja, e.sign, xs(e, t));
	return Ss($.KEY_CHANGE, qa, r, {
		...xs(e, t),
		add: await ms(e, n),
		possession: i
	});
}
function xs(e, t) {
	return {
		v: 1,
		site: e.site,
		subject: e.subject,
		at: t.at,
		nonce: T(t.nonce)
	};
}
async function Ss(e, t, n, r) {
	return wo(e, X(t, r), n);
}
// src/send/answers.ts
var Cs = 1048576, ws = sa + 1024, Ts = 400, Es = 400;
function Ds(e) {
	return e === so ? ws : Cs;
}
function Os(e, t, n, r) {
	let i = n.split(";", 1)[0]?.trim().toLowerCase();
	if (t >= Ts) throw ks(t, i, r);
	if (i !== "application/json") throw As("has the wrong content type");
	try {
		return X(e, Le(r, Ds(e)));
	} catch (e) {
		throw e instanceof b ? As("is not what the protocol says", e) : e;
	}
}
function ks(e, t, n) {
	if (t !== "application/problem+json") return As(`is an error ${e} without a problem document`);
	try {
		let t = X(xo, Le(n, Cs));
		return new y(js(t.detail), e, t.code.slice(0, 80), t.laws.slice(0, 32));
	} catch (t) {
		if (t instanceof b) return As(`is an error ${e} with a damaged problem document`, t);
		throw t;
	}
}
function As(e, t) {
	return new v(`the server's answer ${e}; check that the address is a mien server`, { cause: t });
}
function js(e) {
	return e.slice(0, Es).replaceAll(/[\p{C}\p{Z}]/gu, " ");
}
// src/send/outbound.ts
var Ms = /* @__PURE__ */ new Map([
	[$.CONSENT, {
		path: "/v1/consents",
		answer: no,
		again: !1
	}],
	[$.WITHDRAWAL, {
		path: "/v1/withdrawals",
		answer: no,
		again: !1
	}],
	[$.CAPABILITY_REQUEST, {
		path: "/v1/capabilities",
		answer: ro,
		again: !1
	}],
	[$.KEY_CHANGE, {
		path: "/v1/keys",
		answer: no,
		again: !1
	}],
	[$.EXPORT_REQUEST, {
		path: "/v1/me",
		answer: so,
		again: !1
	}],
	[$.CORRECTION, {
		path: "/v1/me/corrections",
		answer: co,
		again: !1
	}],
	[$.ERASURE, {
		path: "/v1/erasures",
		answer: ao,
		again: !0
	}]
]), Ns = Y("NoticeQuery", {
	kind: U(),
	site: U(la),
	locale: U(ba)
});
function Ps(e) {
	switch (e.kind) {
		case "service": return Ls("/.well-known/mien", Na);
		case "notice": {
			let { site: t, locale: n } = X(Ns, { ...e });
			return Ls(`/v1/sites/${t}/notices/${n}`, Fa);
		}
		case "proof": return Ls(`/audit/proof?leaf=${Z(e.leaf, "leaf")}`, bo);
		case "certificate": return Ls(`/v1/erasures/${fa(e.erasure, "erasure")}`, ao);
		case "statement": return Fs(e.jws);
		case "envelope": return Is("/v1/labels", X(lo, e.message), co, !0);
		case "rank": return Is("/v1/rank", X(ho, e.message), go, !1);
		case "reward": return Is("/v1/rewards", X(vo, e.message), co, !0);
		default: throw new b("only sealed envelopes, signed statements and plain questions may leave; see `send/outbound`");
	}
}
function Fs(e) {
	let t = Ms.get(Do(e));
	if (t === void 0) throw new b("not a statement that a device sends; build it with `consent`");
	if (t.answer === so) {
		let n = { Authorization: `Mien-Statement ${X(Na, { jws: e }).jws}` };
		return {
			method: "GET",
			path: t.path,
			body: null,
			headers: n,
			answer: t.answer,
			again: !1
		};
	}
	return Is(t.path, X(Na, { jws: e }), t.answer, t.again);
}
function Is(e, t, n, r) {
	return {
		method: "POST",
		path: e,
		body: Fe(t),
		headers: { "Content-Type": "application/json" },
		answer: n,
		again: r
	};
}
function Ls(e, t) {
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
var Rs = [
	429,
	502,
	503,
	504
], zs = 1, Bs = 3600, Vs = {
	tries: 4,
	whole: 30,
	base: .5,
	longest: 30
}, Hs = {
	tries: 1,
	whole: 10,
	base: .5,
	longest: 30
}, Us = (e, t) => globalThis.fetch(e, t), Ws = class {
	server;
	#e;
	#t;
	#n;
	#r;
	constructor(e, t, n, r, i = Us) {
		this.server = Ys(e), this.#e = t, this.#t = n, this.#n = r, this.#r = i;
	}
	async send(e, t, n = Vs) {
		let r = Ps(e);
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
		let i = Number(je(this.#n(4))) / 2 ** 32 * r.base * 2 ** n;
		return e instanceof be ? e.retryAfter <= r.longest ? Math.max(i, e.retryAfter) : null : e instanceof ye && t.again ? i : null;
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
			Ks(n);
			let i = await Js(n, Ds(t));
			return Os(t, n.status, n.headers.get("content-type") ?? "", i);
		} catch (e) {
			throw Gs(e);
		}
	}
};
function Gs(e) {
	return e instanceof DOMException && (e.name === "TimeoutError" || e.name === "AbortError") ? new ye("the server takes too long; what waits is kept and tried again", { cause: e }) : e instanceof TypeError ? new ye("the server cannot be reached; check the address and the connection, what waits is kept", { cause: e }) : e;
}
function Ks(e) {
	if (Rs.includes(e.status)) throw new be("the server asks to wait; what waits is kept and tried again", qs(e.headers.get("retry-after") ?? ""));
	if (e.type === "opaqueredirect" || e.status >= 300 && e.status < 400) throw new v("the server sends elsewhere, which is not followed; give its final address");
}
function qs(e) {
	return /^[0-9]{1,9}$/.test(e) ? Math.min(Number(e), Bs) : zs;
}
async function Js(e, t) {
	let n = [], r = e.body?.getReader(), i = 0;
	for (; r !== void 0;) {
		let { done: e, value: a } = await r.read();
		if (e) break;
		if (i += a.length, i > t) {
			let e = new v(`the server's answer has more than ${t} bytes; check that the address is a mien server`);
			throw await r.cancel(e), e;
		}
		n.push(a);
	}
	return w(...n);
}
function Ys(e) {
	let t = URL.parse(e);
	if (t === null || t.username !== "" || t.search !== "" || t.hash !== "" || t.hostname === "") throw new Te(`\`${e}\` is no server address; write it like https://mien.example`);
	let n = t.hostname === "localhost" || t.hostname === "[::1]" || /^127(\.[0-9]+){3}$/.test(t.hostname);
	if (t.protocol !== "https:" && !(t.protocol === "http:" && n)) throw new Te(`\`${e}\` is not encrypted; use https (http is for this machine only)`);
	return (t.origin + t.pathname).replace(/\/+$/, "");
}
// src/keep/shelf.ts
var Xs = class {
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
		let t = this.#e.get(e), n = Zs(t?.value) + 1;
		return this.#e.set(e, {
			revision: (t?.revision ?? 0) + 1,
			value: n
		}), Promise.resolve(n);
	}
};
function Zs(e) {
	if (e === void 0) return 0;
	if (typeof e != "number") throw new xe("a counter on this device is damaged; clear the site's storage to start afresh");
	return e;
}
// src/keep/indexeddb.ts
var Qs = "kept", $s = 1, ec = class {
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
		return await this.#r("readonly", (t) => tc(t.get(e))) ?? null;
	}
	async swap(e, t, n) {
		return this.#r("readwrite", async (r) => ((await tc(r.get(e)))?.revision ?? 0) === t && (await tc(r.put({
			revision: t + 1,
			value: n
		}, e)), !0));
	}
	async remove(e) {
		e.length !== 0 && await this.#r("readwrite", async (t) => {
			for (let n of e) await tc(t.delete(n));
		});
	}
	async names(e) {
		return (await this.#r("readonly", (t) => tc(t.getAllKeys(IDBKeyRange.bound(e, `${e}\uffff`))))).map(String);
	}
	async next(e) {
		return this.#r("readwrite", async (t) => {
			let n = await tc(t.get(e)), r = Zs(n?.value) + 1;
			return await tc(t.put({
				revision: (n?.revision ?? 0) + 1,
				value: r
			}, e)), r;
		});
	}
	async #r(e, t) {
		try {
			let n = (await this.#i()).transaction(Qs, e, { durability: "strict" }), r = new Promise((e, t) => {
				n.oncomplete = () => e(), n.onabort = () => t(n.error ?? new DOMException("aborted", "AbortError"));
			}), [i] = await Promise.all([t(n.objectStore(Qs)), r]);
			return i;
		} catch (e) {
			throw e instanceof xe ? e : new xe("this browser's storage cannot be used; allow storage for the site, or free some space", { cause: e });
		}
	}
	#i() {
		return this.#n ??= new Promise((e, t) => {
			let n = this.#e.open(this.#t, $s);
			n.onupgradeneeded = () => n.result.createObjectStore(Qs), n.onerror = () => t(n.error ?? new DOMException("cannot open", "UnknownError")), n.onsuccess = () => {
				n.result.onversionchange = () => void this.close(), e(n.result);
			};
		}), this.#n.catch(() => {
			this.#n = null;
		}), this.#n;
	}
};
function tc(e) {
	return new Promise((t, n) => {
		e.onsuccess = () => t(e.result), e.onerror = () => n(e.error ?? new DOMException("failed", "UnknownError"));
	});
}
// src/keep/keep.ts
var nc = 2048, rc = 12, ic = 16, ac = 1048576, oc = 64, sc = class {
	#e;
	#t;
	#n;
	#r;
	constructor(e, t, n, r = nc) {
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
		if (!(t instanceof CryptoKey)) throw new Se("this device's signing key is gone; clear the site's storage, and recover with the recovery code");
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
		await this.#o(lc("receipt", t), () => Promise.resolve(e));
		let n = await this.#e.names(this.#l("receipt/"));
		await this.#e.remove(n.slice(0, Math.max(0, n.length - 64)));
	}
	async receipts() {
		return (await Promise.all((await this.#i("receipt")).map((e) => this.#a(lc("receipt", e))))).flatMap((e) => e === null ? [] : [e.value]);
	}
	async nextNumber() {
		return this.#e.next(this.#l("counter"));
	}
	async put(e, t) {
		await this.#o(lc("envelope", e), () => Promise.resolve(t));
		let n = await this.queue();
		for (let e of n.slice(0, Math.max(0, n.length - this.#r))) await this.lose(e, "queue-full");
	}
	async queue() {
		return this.#i("envelope");
	}
	async envelope(e) {
		try {
			return (await this.#a(lc("envelope", e)))?.value ?? null;
		} catch (t) {
			if (!(t instanceof Se)) throw t;
			return await this.lose(e, "damaged"), null;
		}
	}
	async sent(e) {
		await this.#e.remove([this.#l(lc("envelope", e))]);
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
			let r = uc(n);
			return Promise.resolve({
				...r,
				[e]: (r[e] ?? 0) + t
			});
		});
	}
	async losses() {
		return uc((await this.#a("losses"))?.value ?? null);
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
				iv: n.slice(0, rc),
				additionalData: C(this.#l(e))
			}, i = await crypto.subtle.decrypt(r, await this.#s(!1), n.slice(rc));
			return {
				revision: t.revision,
				value: Le(new Uint8Array(i), ac)
			};
		} catch (e) {
			throw cc(e) ? new Se("what this browser keeps does not open with its key; clear the site's storage to start afresh", { cause: e }) : e;
		}
	}
	async #o(e, t) {
		for (let n = 0; n < oc; n += 1) {
			let n = await this.#a(e), r = await t(n?.value ?? null);
			if (r === null) return;
			let i = this.#n(rc), a = {
				name: "AES-GCM",
				iv: i,
				additionalData: C(this.#l(e))
			}, o = await crypto.subtle.encrypt(a, await this.#s(!0), Fe(r));
			if (await this.#e.swap(this.#l(e), n?.revision ?? 0, w(i, new Uint8Array(o)))) return;
		}
		throw new xe("other tabs change the same thing all the time; close them and try again");
	}
	async #s(e) {
		let t = this.#l("master"), n = (await this.#e.get(t))?.value;
		if (n instanceof CryptoKey) return n;
		if (!e) throw new Se("the key of this browser's storage is gone; clear the site's storage to start afresh");
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
function cc(e) {
	return e instanceof DOMException || e instanceof TypeError || e instanceof b;
}
function lc(e, t) {
	return `${e}/${String(t).padStart(ic, "0")}`;
}
function uc(e) {
	return Re(e) ? Object.fromEntries(Object.entries(e).filter((e) => typeof e[1] == "number")) : {};
}
// src/seal/index.ts
function dc(e, t) {
	let n = e.seal_keys.filter((e) => e.not_before <= t && t < e.not_after).toSorted((e, t) => t.not_before - e.not_before)[0];
	if (n === void 0) throw new ge("every sealing key this device knows has died; connect to the server to fetch today's");
	return {
		kid: n.kid,
		key: ti.fromText(n.public)
	};
}
async function fc(e, t, n, r, i) {
	let a = uo(r.site, r.subject, r.device, t, i.kid), o = await Bi(na(e, e.reduce((e, t) => Math.min(e, t.ended_at), e[0]?.ended_at ?? n)), i.key, Ri.ENVELOPE, ...a), s = await Hi(r.streamKey, Ri.ENVELOPE, ...a, o);
	return X(lo, {
		v: 1,
		site: r.site,
		subject: r.subject,
		device: r.device,
		seq: t,
		kid: i.kid,
		ct: T(o),
		mac: T(s)
	});
}
// src/client/given.ts
var pc = {
	now: () => Date.now() / 1e3,
	monotonic: () => performance.now() / 1e3,
	sleep: (e) => new Promise((t) => setTimeout(t, e * 1e3))
}, mc = (e) => crypto.getRandomValues(new Uint8Array(e));
function hc() {
	return globalThis.navigator?.globalPrivacyControl === !0;
}
// src/client/desk.ts
var gc = 3600, _c = 16, vc = 8, yc = [
	"consent-missing",
	"consent-refused",
	"person-erased",
	"person-unknown"
], bc = "signature-invalid", xc = ["policy-denied", "notice-stale"], Sc = "this device was removed from the person's keys, so it stopped; withdraw or erase on another device or with the recovery code", Cc = class e {
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
		this.site = e.site, this.trust = t, this.clock = e.clock ?? pc, this.entropy = e.entropy ?? mc, this.gpc = e.gpc ?? hc(), this.sender = new Ws(e.server, e.key, this.clock, this.entropy, e.transport), this.#e = `${e.site}-${t.id.slice(0, vc)}`, this.keep = new sc(e.shelf ?? new ec(), this.#e, this.entropy);
	}
	static async open(t) {
		if (!la.test(t.site)) throw new Te("that is no site id; take it from `mien site list`");
		try {
			return new e(t, await $r.fromText(t.trust));
		} catch (e) {
			throw e instanceof b ? new Te("the trust key is no verification key; take it from `mien keys list`", { cause: e }) : e;
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
		return this.#n !== null && as(this.#n, t) && (await this.change((e) => as(e, t) ? os(e) : e), await this.keep.purge()), this.#n;
	}
	async #o(e) {
		try {
			let t = ls(e), n = this.#n;
			return await us(t, n !== null && n.sign.verifyKey.text() === t.device ? n.sign : await this.#s(t.device));
		} catch (e) {
			throw e instanceof b ? new Se("what is kept of the person is of another version; clear the site's storage to start afresh", { cause: e }) : e;
		}
	}
	async #s(e) {
		let t = await $r.fromText(e);
		return ei.kept(await this.keep.signing(t.id), t.public);
	}
	async change(e) {
		await this.keep.changePerson(async (t) => t === null ? null : cs(e(await this.#o(t))));
		let t = await this.keep.person();
		this.#n = t === null ? null : await this.#o(t);
	}
	async begin(e, t) {
		let n = await ei.generate(), r = cs({
			...await is(this.site, e, n, this.entropy, t),
			state: await this.stateNow(null)
		});
		await this.keep.keepSigning(n), await this.keep.changePerson((e) => Promise.resolve(e === null ? r : null));
		let i = await this.somebody();
		return await this.keep.onlySigning(i.sign.verifyKey.id), i;
	}
	async permit(e, t) {
		let n = await this.refresh(), r = await this.#c(n);
		if (n === null || r === null) throw new _("the person has not said yes; show the notice and ask");
		Tc(n);
		let i = r.require(e, this.seconds(), this.clock.monotonic(), t), a = i.purposes.filter((e) => n.purposes.includes(e));
		if (!a.includes(t)) throw new _("the person has not said yes to this purpose; show the notice and ask for it");
		return {
			...i,
			purposes: a
		};
	}
	async #c(e) {
		if (e === null) return this.#r = null, null;
		let t = e.sign.verifyKey.id;
		return (this.#r === null || this.#r.subject !== e.subject || this.#r.device !== t) && (this.#r = new qo(this.trust, this.site, e.subject, t)), await this.#r.admit(e.capability, this.seconds(), this.clock.monotonic()), this.#r;
	}
	async remaining() {
		try {
			return (await this.#c(await this.refresh()))?.remaining(this.seconds(), this.clock.monotonic()) ?? 0;
		} catch (e) {
			if (e instanceof de) return 0;
			throw e;
		}
	}
	async withdrawn() {
		let e = await this.refresh();
		return e === null || e.erasing || e.purposes.length === 0;
	}
	async end(e) {
		await this.change((t) => e ? wc(t) : {
			...t,
			capability: null,
			askAgain: !0
		}), await this.keep.purge();
	}
	async ended(e) {
		let t = e.problem === bc;
		throw await this.end(t || yc.includes(e.problem)), t ? new _(Sc, { cause: e }) : Ec(e);
	}
	async somebody() {
		let e = await this.refresh();
		if (e === null) throw new _("nobody is known on this device; say yes first, or `recover`");
		return e;
	}
	seconds() {
		return Math.floor(this.clock.now());
	}
	stamp() {
		return {
			at: this.seconds(),
			nonce: this.entropy(_c)
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
			expiresAt: e !== null && Qo(t) ? e.expiresAt : 0,
			askAgain: e?.askAgain ?? !1
		};
	}
	async stateNow(e) {
		if (e !== null) return e.state;
		if (this.#t !== null) return this.#t;
		let t = await this.keep.document("asked");
		return te.find((e) => e === t) ?? "none";
	}
	async happened(e) {
		await this.refresh() === null ? (this.#t = $o(await this.stateNow(null), e), e !== "ask" && await this.keep.keepDocument("asked", this.#t)) : await this.change((t) => ({
			...t,
			state: $o(t.state, e),
			askAgain: t.askAgain && e !== "refuse"
		}));
	}
	forgetAsked() {
		this.#t = null;
	}
	ask(e, t, n = Vs) {
		return this.sender.send(e, t, n);
	}
	async dayKey(e = !1) {
		try {
			return dc(await this.service(e), this.seconds());
		} catch (t) {
			if (!(t instanceof ge) || e) throw t;
			return dc(await this.service(!0), this.seconds());
		}
	}
	async service(e) {
		let t = this.seconds(), n = this.#i ?? await this.#l(t);
		if (n !== null && !e && t - n.at < gc) return n;
		try {
			let e = await this.ask({ kind: "service" }, Na, Hs);
			return this.#i = await No(e.jws, this.trust, t), await this.refresh() !== null && await this.keep.keepDocument("service", e.jws), this.#i;
		} catch (t) {
			if (!(t instanceof ye || t instanceof be) || n === null || e) throw t;
			return n;
		}
	}
	async #l(e) {
		let t = await this.keep.document("service");
		return typeof t == "string" && (this.#i = await No(t, this.trust, e)), this.#i;
	}
	receipt(e, t, n) {
		return Po(e, this.trust, this.site, t.subject, n);
	}
	async checked(e, t) {
		return e !== null && await Fo(e, this.trust, this.site, t.subject, t.sign.verifyKey.id), e;
	}
	async keepReceipt(e, t, n) {
		let r = Oo(t).notice_sha256, i = {
			v: 1,
			receipt: e,
			statement: t,
			notice: this.shown !== null && await jo(this.shown) === r ? this.shown : null,
			server: this.sender.server,
			trust: this.trust.text(),
			signer: n.text()
		};
		await this.keep.keepReceipt({ ...i });
	}
};
function wc(e) {
	return {
		...e,
		capability: null,
		purposes: [],
		unanswered: [],
		state: $o(e.state, "withdraw")
	};
}
function Tc(e) {
	if (!(e.purposes.length > 0)) {
		if (e.state === "expired") throw new _("the consent ran out on its day; show the notice and ask again");
		if (e.state === "refused") throw new _("the person said no; nothing is done unless they say yes another time");
	}
}
function Ec(e) {
	let t = {
		laws: e.laws,
		cause: e
	};
	return e.problem === "notice-stale" ? new le(e.message, t) : e.problem === "policy-denied" || e.problem === "consent-refused" ? new ce(e.message, t) : yc.includes(e.problem) ? new _(e.message, t) : e;
}
// src/client/consents.ts
var Dc = 500, Oc = class {
	#e;
	constructor(e) {
		this.#e = e;
	}
	async notice(e) {
		let t = await this.#e.ask({
			kind: "notice",
			site: this.#e.site,
			locale: e
		}, Fa);
		if (t.site !== this.#e.site) throw new v("the server sent another site's notice; check the site id");
		return this.#e.shown = t, await this.#e.happened("ask"), t;
	}
	async consent(e) {
		let t = this.#e;
		if (t.shown === null) throw new _("no notice was fetched; call `notice`, show all of it, then ask");
		if (e.purposes.length === 0) throw new b("a no needs no statement; name at least one purpose that the person said yes to");
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
			await this.settle(Vs);
			let e = await this.#t(n);
			e.purposes.length === 0 && await t.keep.purge();
			let r = await ds(e, t.stamp(), n, await t.dayKey(!0), await Pc(e));
			return this.#n(e, n, r);
		});
	}
	async #t(e) {
		let t = this.#e, n = await t.refresh();
		if (e.renewal && $o(await t.stateNow(n), "renew"), n !== null) return n;
		let r = Vo(t.entropy(20));
		return t.begin(await Wo(Ho(r)), r);
	}
	async #n(e, t, n) {
		let r = this.#e;
		await r.change((e) => ({
			...e,
			unanswered: t.purposes
		}));
		let i = await this.#r(n), a = await r.receipt(i.receipt, e, n), o = await r.checked(i.capability, e);
		if (await r.keepReceipt(i.receipt, n, e.sign.verifyKey), a.outcome !== "given" && a.outcome !== "renewed") throw await r.change((e) => Nc(e, i.receipt, a)), new ce(Fc(a), { laws: a.laws });
		return await r.change((e) => jc(e, i.receipt, a, o)), r.recoveryCode = e.recovery ?? r.recoveryCode, a;
	}
	async #r(e) {
		try {
			return await this.#e.ask({
				kind: "statement",
				jws: e
			}, no);
		} catch (e) {
			if (!(e instanceof y)) throw e;
			let t = e.problem === "notice-stale";
			throw e.status < Dc && await this.#e.change((e) => ({
				...e,
				unanswered: [],
				askAgain: e.askAgain || t && Qo(e.state)
			})), Ec(e);
		}
	}
	async withdraw(e) {
		let t = this.#e;
		if (e.length === 0 || e.some((e) => !p.includes(e))) throw new b(`a withdrawal names purposes such as \`${p[0]}\`, or none for all of them`);
		let n = await t.refresh();
		return n === null ? null : ([...n.purposes, ...n.unanswered].some((t) => e.includes(t)) && (await t.change((t) => ss(t, e)), await t.keep.purge()), t.alone(async () => {
			try {
				return await this.#a(Vs) ?? await this.#i();
			} catch (e) {
				if (kc(e)) return null;
				throw e;
			}
		}));
	}
	async #i() {
		let e = await this.#e.refresh();
		if (e === null || e.receipt === null) return null;
		let t = await Po(e.receipt, this.#e.trust, this.#e.site, e.subject);
		return t.outcome === "withdrawn" || t.outcome === "revoked" ? t : null;
	}
	async #a(e) {
		let t = this.#e, n = await t.refresh();
		if (n === null || n.withdrawing.length === 0) return null;
		let r = n.withdrawing, i = await hs(n, t.stamp(), r), a = await this.#o(i, e);
		if (a === null) return null;
		let o = await t.receipt(a.receipt, n, i), s = await t.checked(a.capability, n);
		return await t.keepReceipt(a.receipt, i, n.sign.verifyKey), await t.change((e) => ({
			...e,
			receipt: a.receipt,
			capability: e.purposes.length > 0 && Ac(e.purposes, n.purposes) ? s : null,
			withdrawing: e.withdrawing.filter((e) => !r.includes(e))
		})), o;
	}
	async #o(e, t) {
		try {
			return await this.#e.ask({
				kind: "statement",
				jws: e
			}, no, t);
		} catch (e) {
			if (!(e instanceof y) || ![...yc, "signature-invalid"].includes(e.problem)) throw e;
			if (await this.#e.change((e) => ({
				...e,
				withdrawing: []
			})), e.problem === "signature-invalid") throw new _(Sc, { cause: e });
			return null;
		}
	}
	async erase() {
		let e = this.#e;
		if (await e.refresh() === null) throw new _("nobody is known on this device; with a recovery code, `recover` first");
		return await e.change((e) => ({
			...ss(e, p),
			withdrawing: [],
			unanswered: [],
			erasing: !0
		})), await e.keep.purge(), e.alone(async () => {
			try {
				return await this.#s(Vs);
			} catch (e) {
				if (kc(e)) return null;
				throw e;
			}
		});
	}
	async #s(e) {
		let t = this.#e, n = await t.refresh();
		if (n === null || !n.erasing) return null;
		let r = null, i = null;
		try {
			let i = await ys(n, t.stamp());
			r = await this.opened(await t.ask({
				kind: "statement",
				jws: i
			}, ao, e));
		} catch (e) {
			if (!(e instanceof y) || ![...yc, "signature-invalid"].includes(e.problem)) throw e;
			i = e.problem === "signature-invalid" ? e : null;
		}
		if (await t.keep.forget(), t.recoveryCode = null, t.forgetAsked(), await t.refresh(), i !== null) throw new _(Sc, { cause: i });
		return r;
	}
	async certificate(e) {
		return this.opened(await this.#e.ask({
			kind: "certificate",
			erasure: e
		}, ao));
	}
	opened(e) {
		return Io(e.certificate, this.#e.trust, this.#e.site, e.erasure);
	}
	async settle(e) {
		await this.#a(e), await this.#s(e);
	}
	async ready() {
		let e = this.#e;
		if (!(await e.withdrawn() || await e.remaining() >= 120)) try {
			await e.alone(() => this.#c(Hs));
		} catch (t) {
			if (!(t instanceof ve) || await e.remaining() <= 0) throw t;
		}
	}
	async #c(e) {
		let t = this.#e;
		if (await t.withdrawn()) return;
		let n = await t.somebody(), r = await gs(n, t.stamp());
		try {
			let i = await t.ask({
				kind: "statement",
				jws: r
			}, ro, e), a = await t.checked(i.capability, n);
			await t.change((e) => Ac(e.purposes, n.purposes) ? {
				...e,
				capability: a,
				askAgain: !1
			} : e);
		} catch (e) {
			throw e instanceof y && [
				...yc,
				...xc,
				"signature-invalid"
			].includes(e.problem) && await t.ended(e), e;
		}
	}
	async recover(e) {
		let t = this.#e, n = Ho(e);
		return t.alone(async () => {
			if (await t.refresh() !== null) throw new b("this device already has a person; erase them first");
			let e = await Uo(n), r = await t.begin(await Wo(n), null);
			try {
				let n = await bs(r, t.stamp(), await t.dayKey(!0), e), i = await t.ask({
					kind: "statement",
					jws: n
				}, no), a = await t.receipt(i.receipt, r, n), o = await t.checked(i.capability, r);
				return await t.keepReceipt(i.receipt, n, e.verifyKey), await t.change((e) => Mc(e, i.receipt, a, o)), a;
			} catch (e) {
				throw await t.keep.forget(), await t.refresh(), e instanceof y ? Ec(e) : e;
			}
		});
	}
};
function kc(e) {
	return e instanceof ye || e instanceof be;
}
function Ac(e, t) {
	return e.length === t.length && e.every((e, n) => e === t[n]);
}
function jc(e, t, n, r) {
	let i = {
		...Mc(e, t, n, r),
		askAgain: !1,
		unanswered: [],
		recovery: null
	}, a = e.erasing ? p : e.withdrawing;
	return a.length > 0 ? ss(i, a) : i;
}
function Mc(e, t, n, r) {
	let i = Qo(n.outcome) ? n.purposes : [];
	return {
		...e,
		receipt: t,
		purposes: i,
		state: n.outcome,
		expiresAt: n.expires_at,
		capability: r
	};
}
function Nc(e, t, n) {
	let r = n.purposes.filter((t) => !e.withdrawing.includes(t)), i = $o(e.state, "refuse");
	return {
		...e,
		receipt: t,
		purposes: r,
		unanswered: [],
		state: r.length > 0 && !Qo(i) ? "given" : i,
		expiresAt: r.length > 0 ? n.expires_at : e.expiresAt
	};
}
async function Pc(e) {
	return e.recovery === null ? null : (await Uo(Ho(e.recovery))).verifyKey;
}
function Fc(e) {
	return new Set(e.refused.map((e) => e.says.join("\n"))).size > 1 ? e.refused.map((e) => `${e.purpose}: ${e.says.join(" ") || "refused."}`).join(" ") : e.says.join(" ") || "the server's policy refused this consent";
}
// src/client/rankings.ts
var Ic = 16, Lc = 256, Rc = class {
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
			if (t === null || !(e instanceof y) || !yc.includes(e.problem)) throw e;
			await this.#e.end(!0);
		}
		return this.#n(e, null);
	}
	async reward(e, t, n) {
		let r = await this.#r(), i = X(vo, {
			site: this.#e.site,
			event: e,
			place: t,
			reward: n
		}), a = this.#t.get(e) ?? r !== null ? r : null, o = await this.#i(i, a, Ri.REWARD);
		await this.#e.ask({
			kind: "reward",
			message: o
		}, co);
	}
	async #n(e, t) {
		let n = X(ho, {
			site: this.#e.site,
			request: T(this.#e.entropy(Ic)),
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
		}), r = await this.#i(n, t, Ri.RANK), i = await this.#e.ask({
			kind: "rank",
			message: r
		}, go);
		return this.#a(i.event, t !== null), Bc(i, t === null ? zc(i) : await this.#o(i, t));
	}
	async #r() {
		let e = await this.#e.refresh();
		return e !== null && e.purposes.length > 0 ? e : null;
	}
	async #i(e, t, n) {
		return t === null ? e : yo(e, {
			subject: t.subject,
			device: t.sign.verifyKey.id,
			at: this.#e.seconds()
		}, t.streamKey, n);
	}
	#a(e, t) {
		this.#t.set(e, t);
		for (let e of this.#t.keys()) {
			if (this.#t.size <= Lc) break;
			this.#t.delete(e);
		}
	}
	async #o(e, t) {
		if (e.sealed_why === null) throw new v("the server did not say why; ask again");
		let n = [
			C(this.#e.site),
			C(t.subject),
			C(e.event)
		];
		return X(_o, Le(Wi(await Vi(E(e.sealed_why), t.seal, Ri.WHY, ...n))));
	}
};
function zc(e) {
	return {
		used_emotion: !1,
		why: "",
		places: e.places.map(() => ""),
		laws: []
	};
}
function Bc(e, t) {
	if (t.places.length !== e.places.length) throw new v("the server explained another number of places than it ranked; ask again");
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
var Vc = 3600n, Hc = 2n ** 63n - 1n, Uc = 63, Wc = 131072, Gc = 200, Kc = 1, qc = 4, Jc = "c2sp.org/tlog-proof@v1", Yc = /^(?:0|[1-9][0-9]{0,18})$/, Xc = /^[^\s+\p{C}\p{Z}]+$/u;
function Zc(e) {
	let t = je(e.subarray(32, 40));
	if (e.length !== 40 || t > Hc || t % Vc !== 0n) throw new x("not an entry of 40 bytes with a full hour; ask for it again");
	return {
		leaf: V(e.subarray(0, 32)),
		hour: t
	};
}
async function Qc(e) {
	return Zr(w(Ae(0, 1), e));
}
async function $c(e, t) {
	return Zr(w(Ae(1, 1), e, t));
}
async function el(e, t, n, r, i) {
	if (rl(n), il(r), t < 0n || t >= n) throw new x(`no entry \`${t}\` in a log of ${n}; ask for a proof from a newer checkpoint`);
	let [a, o, s] = [
		t,
		n - 1n,
		await Qc(e)
	];
	for (let e of r) {
		if (o === 0n) throw new x(al(t));
		nl(a) || a === o ? (s = await $c(e, s), [a, o] = tl(a, o)) : s = await $c(s, e), [a, o] = [a >> 1n, o >> 1n];
	}
	if (o !== 0n || !ke(s, i)) throw new x(al(t));
}
function tl(e, t) {
	let [n, r] = [e, t];
	for (; n !== 0n && !nl(n);) [n, r] = [n >> 1n, r >> 1n];
	return [n, r];
}
function nl(e) {
	return (e & 1n) == 1n;
}
function rl(e) {
	if (e < 0n || e > Hc) throw new x(`a log has at most ${Hc} entries; check the checkpoint`);
}
function il(e) {
	if (e.length > Uc || e.some((e) => e.length !== 32)) throw new x(`a proof has at most ${Uc} hashes of 32 bytes; copy it whole`);
}
function al(e) {
	return `the proof does not lead from entry \`${e}\` to the root; the entry or the proof was altered`;
}
async function ol(e, t) {
	return V((await Zr(w(C(`${e}\n`), Ae(Kc, 1), t.public))).subarray(0, qc));
}
async function sl(e) {
	let { before: t, behind: n } = _l(e, "+"), { before: r, behind: i } = _l(n, "+");
	cl(t);
	let a = pl(i);
	if (a.length !== 33 || a[0] !== Kc) throw new S("not an ed25519 key of a log; copy it whole, from `+` to `=`");
	let o = await $r.of(a.subarray(1));
	if (r !== vl(await ol(t, o))) throw new S("the log's key and its id do not belong together; copy it whole");
	return {
		name: t,
		key: o
	};
}
function cl(e) {
	if (Ne(e) > Gc || !Xc.test(e)) throw new S("a log's name has no spaces and no plus sign; use one like `shop.example/audit`");
}
async function ll(e, t, n) {
	let { body: r, signatures: i } = ul(e), a = fl(r);
	if (a.origin !== t) throw new S(`a checkpoint of another log, not of \`${t}\`; fetch it from the right log`);
	let o = await ol(t, n), s = i.filter((e) => e.name === t && ke(e.id, o));
	if (s.length === 0) throw new S(`the checkpoint of \`${t}\` is not signed by the key given; compare the key's id`);
	for (let { signature: e } of s) try {
		await n.verify(e, C(r));
	} catch (e) {
		throw e instanceof _e ? new S(`the signature on the checkpoint of \`${t}\` does not verify; fetch it again`, { cause: e }) : e;
	}
	return a;
}
function ul(e) {
	if (Ne(e) > Wc || /[\u0000-\u0009\u000b-\u001f]/.test(e)) throw new S("the checkpoint is too long or holds control characters; fetch it again");
	let t = e.lastIndexOf("\n\n"), n = e.slice(t + 2);
	if (t < 0 || !n.endsWith("\n")) throw new S("the checkpoint is cut short; fetch it again");
	return {
		body: e.slice(0, t + 1),
		signatures: n.slice(0, -1).split("\n").map(dl)
	};
}
function dl(e) {
	let { before: t, behind: n } = _l(e, " "), { before: r, behind: i } = _l(n, " ");
	if (t !== "—") throw new S("a line after the checkpoint is no signature; fetch it again");
	cl(r);
	let a = pl(i);
	if (a.length <= qc) throw new S("a signature on the checkpoint is cut short; fetch it again");
	return {
		name: r,
		id: V(a.subarray(0, qc)),
		signature: V(a.subarray(qc))
	};
}
function fl(e) {
	let [t, n, r, ...i] = e.slice(0, -1).split("\n");
	if (t === void 0 || n === void 0 || r === void 0 || i.length > 0) throw new S("a checkpoint has three lines: name, size, root; fetch it again");
	cl(t);
	let a = Yc.test(n) ? BigInt(n) : Hc + 1n;
	if (a > Hc) throw new S("the size of the log is no whole number in its one spelling; fetch it again");
	let o = pl(r);
	if (o.length !== 32) throw new S("the root in the checkpoint has not 32 bytes; fetch it again");
	return {
		origin: t,
		size: a,
		root: o
	};
}
function pl(e) {
	let t = e.replace(/={1,2}$/, "");
	if (e.length % 4 != 0 || e.length - t.length !== (4 - t.length % 4) % 4 || /[^A-Za-z0-9+/]/.test(t)) throw new S("not base64; copy the text whole");
	try {
		return E(t.replaceAll("+", "-").replaceAll("/", "_"));
	} catch (e) {
		throw e instanceof g ? new S("not canonical base64; copy the text whole", { cause: e }) : e;
	}
}
function ml(e) {
	let { before: t, behind: n, found: r } = _l(e, "\n\n"), i = t.split("\n");
	if (Ne(e) > 2 * Wc || !r || i.shift() !== Jc) throw new x(`not a proof that begins with \`${Jc}\`; copy the file whole`);
	i[0]?.startsWith("extra ") && gl(i.shift()?.slice(6) ?? "");
	let { before: a, behind: o } = _l(i.shift() ?? "", " ");
	if (a !== "index" || !Yc.test(o)) throw new x("the proof names no entry; copy the file whole");
	let s = i.map(gl);
	return il(s), {
		index: BigInt(o),
		path: s,
		checkpoint: n
	};
}
async function hl(e, t, n, r) {
	let i = ml(e), a = await ll(i.checkpoint, n, r);
	return await el(t, i.index, a.size, i.path, a.root), i.index;
}
function gl(e) {
	try {
		return pl(e);
	} catch (e) {
		throw e instanceof S ? new x("a line of the proof is no base64; copy the file whole", { cause: e }) : e;
	}
}
function _l(e, t) {
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
function vl(e) {
	return Array.from(e, (e) => e.toString(16).padStart(2, "0")).join("");
}
// src/client/rights.ts
var yl = 404, bl = 268435456, xl = class {
	#e;
	constructor(e) {
		this.#e = e;
	}
	async export() {
		let e = await this.#e.somebody(), t = await _s(e, this.#e.stamp());
		return this.#t(await this.#e.ask({
			kind: "statement",
			jws: t
		}, so), e);
	}
	async #t(e, t) {
		let n = [C(t.site), C(t.subject)], r = Le(await Cl(Wi(await Vi(E(e.sealed), t.seal, Ri.EXPORT, ...n)), bl), bl);
		if (!Re(r)) throw new v("the export is no object; ask again");
		let i = X(oo, await To(e.signature, $.EXPORT, this.#e.trust));
		if (i.site !== t.site || i.subject !== t.subject) throw new _e("the export is signed as somebody else's; ask again");
		if (!ke(await Zr(Fe(r)), E(i.sha256))) throw new _e("the export is not what the server signed; download it again, and keep this one as evidence");
		return {
			...r,
			signature: e.signature
		};
	}
	async correct(e, t) {
		let n = Sl((await this.export()).labels).find((t) => t.record === e);
		if (n === void 0) throw new b("no such label is held; take its `record` from the export");
		let r = await this.#e.somebody(), i = oe(t, Number(n.ended_at)), a = await vs(r, this.#e.stamp(), e, i, await this.#e.dayKey());
		await this.#e.ask({
			kind: "statement",
			jws: a
		}, co);
	}
	async proof(e, t) {
		let { promise: n } = e, r = await this.#e.service(!0), { name: i, key: a } = await sl(r.audit_key);
		if (i !== r.audit_origin || i !== n.origin) throw new x("the promise names another log than the server's; keep the receipt as evidence");
		let o = await this.#n(n.leaf, t), s = E(o.entry);
		if (!ke(Zc(s).leaf, E(n.leaf))) throw new x("the proof is for another decision; keep receipt and proof as evidence");
		return {
			index: await hl(o.proof, s, n.origin, a),
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
				}, bo);
			} catch (e) {
				let t = this.#e.clock.monotonic() >= n;
				if (!(e instanceof y) || e.status !== yl || t) throw e;
			}
			await this.#e.clock.sleep(.25);
		}
	}
};
function Sl(e) {
	return Array.isArray(e) ? e.filter(Re) : [];
}
async function Cl(e, t) {
	let n = [], r = 0, i = new Blob([V(e)]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
	try {
		for (let e = await i.read(); !e.done && (r += e.value.length, !(r > t)); e = await i.read()) n.push(e.value);
	} catch (e) {
		throw new v("the export does not unpack, is cut off or has something behind it; ask again", { cause: e });
	}
	if (r > t) throw await i.cancel(), new v(`the export has more than ${t} bytes; ask whoever runs the server`);
	return w(...n);
}
// src/label/index.ts
var wl = [
	"personalize_offers",
	"adapt_service",
	"adapt_lessons"
], Tl = "declare_mood";
function El(e, t) {
	let n = (...e) => e.some((e) => t.includes(e));
	if (e.source === "declared") return n("declare_mood") ? {
		...e,
		state: "none",
		polarity: "none",
		valence: null,
		arousal: null,
		model: 0
	} : null;
	if (!n(...wl)) return null;
	let r = n("personalize_offers", "adapt_service");
	return {
		...e,
		state: n("adapt_service", "adapt_lessons") ? e.state : "none",
		polarity: n("adapt_service") ? e.polarity : "none",
		valence: r ? e.valence : null,
		arousal: r ? e.arousal : null
	};
}
// src/client/stream.ts
var Dl = ["seal-key-expired", "seal-key-unknown"], Ol = [
	"envelope-replayed",
	"envelope-invalid",
	"request-invalid",
	...Dl
], kl = 500, Al = class {
	#e;
	#t;
	constructor(e, t) {
		this.#e = e, this.#t = t;
	}
	async declare(e, t) {
		let n = oe(e, this.#e.seconds(), t);
		ia(n);
		let r = await this.#e.refresh();
		if (r !== null && r.purposes.length > 0 && !r.purposes.includes("declare_mood")) throw new _("telling a mood has a purpose of its own; ask for consent to `declare_mood`");
		await this.#t.ready(), await this.#n(n);
		try {
			await this.flush(Hs);
		} catch (e) {
			if (!(e instanceof ve)) throw e;
		}
		return n;
	}
	async #n(e) {
		let t = this.#e, n = El(e, (await t.permit("send", Tl)).purposes);
		if (n === null) return;
		let r = await t.somebody(), i;
		try {
			i = await t.dayKey();
		} catch (e) {
			if (!(e instanceof ge || e instanceof ve)) throw e;
			await t.keep.countLoss("no-seal-key", 1);
			return;
		}
		let a = await t.keep.nextNumber(), o = {
			site: t.site,
			subject: r.subject,
			device: r.sign.verifyKey.id,
			streamKey: r.streamKey
		};
		await t.keep.put(a, await fc([n], a, t.seconds(), o, i)), await t.withdrawn() && await t.keep.purge();
	}
	async flush(e = Vs) {
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
				message: X(lo, n)
			}, co, t);
		} catch (t) {
			if (!(t instanceof y)) throw t;
			return await this.#i(e, t), !1;
		}
		return await this.#e.keep.sent(e), !0;
	}
	async #i(e, t) {
		if ([...yc, ...xc].includes(t.problem) && await this.#e.ended(t), !Ol.includes(t.problem) || t.status >= kl) throw t;
		await this.#e.keep.lose(e, t.problem), Dl.includes(t.problem) && await this.#e.service(!0);
	}
}, jl = class e {
	#e;
	#t;
	#n;
	#r;
	#i;
	constructor(e) {
		this.#e = e, this.#t = new Oc(e), this.#n = new Al(e, this.#t), this.#r = new Rc(e), this.#i = new xl(e);
	}
	static async open(t) {
		return new e(await Cc.open(t));
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
	withdraw(e = p) {
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
export { ee as AGE_BANDS, we as AuditError, te as CONSENT_STATES, fe as CapabilityExpired, de as CapabilityInvalid, S as CheckpointInvalid, jl as Client, Ce as ClockSkewed, se as ConsentError, _ as ConsentMissing, ce as ConsentRefused, l as EXPRESSIONS, he as EnvelopeInvalid, ec as IndexedShelf, re as KEY_ROLES, xe as KeepError, Se as KeepUnreadable, pe as LabelInvalid, ae as MAX_WINDOW, Xs as MemoryShelf, g as MienError, le as NoticeStale, d as POLARITIES, p as PURPOSES, x as ProofInvalid, h as ROLES, ue as ReceiptInvalid, b as RequestInvalid, y as RequestRefused, m as SECTORS, ie as SLOTS, f as SOURCES, ne as STANDING, u as STATES, me as SealError, ge as SealKeyExpired, ve as SendError, v as ServerAnswerInvalid, be as ServerBusy, ye as ServerUnreachable, Te as SettingsError, _e as SignatureInvalid, oe as declared };
