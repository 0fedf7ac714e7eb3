/* Inner loops of the renderer; raster.py compiles this file on first use.
 *
 * Images are H x W, channels last, float32. A larger depth is nearer. View space: +x right, +y up, +z to the
 * camera. Pixel coordinates count from the image's top left corner: the centre of the first pixel is (.5, .5). */
#include <math.h>
#include <string.h>

/* What one drawing call needs; raster.py mirrors it field by field. */
typedef struct {
  const float *points;          /* nv x 3: pixel x, pixel y, depth */
  const float *normals;         /* nv x 3, view space */
  const float *uvs;             /* nu x 2, v up */
  const int *faces;             /* nt x 3 into points */
  const int *uv_faces;          /* nt x 3 into uvs */
  const unsigned char *texture; /* th x tw x tc, BGR or BGRA */
  const float *map;             /* canonical map ms x ms x 6 or NULL: albedo b, g, r; slope x, y; specular */
  const float *map_uvs;         /* nv x 2, with map */
  const float *light_reach;     /* nv or NULL: how much light gets to a vertex, 1 outside, near 0 in the mouth */
  const float *keep;            /* nv or NULL: pixels where this interpolates below 0 are left out */
  float axis_x[3], axis_y[3];   /* the head's axes in view space, along which the map's slopes tilt normals */
  float tint[3];
  float specular, alpha_test;
  int triangles, tw, th, tc, map_size;
  int blend;        /* mix by alpha instead of replacing */
  int cavity_only;  /* draw only over the inside of the mouth (teeth, tongue) */
} Draw;

typedef struct {
  float *depth, *albedo, *normal, *material; /* material: specular strength */
  unsigned char *cavity;                     /* 1 where the inside of the mouth is seen */
  int w, h;
} Buffers;

static void unit(float *v) {
  float l = 1 / (sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) + 1e-9f);
  for (int k = 0; k < 3; k++) v[k] *= l;
}

void vertex_normals(const float *v, const int *f, int nf, float *n, int nv) {
  memset(n, 0, sizeof(float) * 3 * nv);
  for (int t = 0; t < nf; t++) {
    const float *a = v + 3 * f[3 * t], *b = v + 3 * f[3 * t + 1], *c = v + 3 * f[3 * t + 2];
    float e[3], g[3];
    for (int k = 0; k < 3; k++) e[k] = b[k] - a[k], g[k] = c[k] - a[k];
    float x[3] = {e[1] * g[2] - e[2] * g[1], e[2] * g[0] - e[0] * g[2], e[0] * g[1] - e[1] * g[0]};
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 3; k++) n[3 * f[3 * t + j] + k] += x[k];
  }
  for (int i = 0; i < nv; i++) unit(n + 3 * i);
}

/* Bilinear texel of a repeating texture at u, v (v up), 0..1; alpha 1 where there is none. */
static void texel(const Draw *d, float u, float v, float c[4]) {
  float fx = u * d->tw - .5f, fy = (1 - v) * d->th - .5f;
  int ix = (int)floorf(fx), iy = (int)floorf(fy);
  float ax = fx - ix, ay = fy - iy;
  int x0 = ((ix % d->tw) + d->tw) % d->tw, x1 = (x0 + 1) % d->tw;
  int y0 = ((iy % d->th) + d->th) % d->th, y1 = (y0 + 1) % d->th;
  const unsigned char *t = d->texture;
  size_t tw = d->tw, tc = d->tc;
  c[3] = 1;
  for (int k = 0; k < d->tc; k++)
    c[k] = ((1 - ay) * ((1 - ax) * t[(y0 * tw + x0) * tc + k] + ax * t[(y0 * tw + x1) * tc + k]) +
            ay * ((1 - ax) * t[(y1 * tw + x0) * tc + k] + ax * t[(y1 * tw + x1) * tc + k])) / 255.f;
}

/* Canonical map: multiplies the albedo, tilts the normal, scales the specular. */
static void apply_map(const Draw *d, float u, float v, float albedo[3], float n[3], float *specular) {
  int s = d->map_size;
  float x = u * s - .5f, y = v * s - .5f;
  if (x < 0 || y < 0 || x >= s - 1 || y >= s - 1) return;
  int i = (int)x, j = (int)y;
  float a = x - i, b = y - j, g[6];
  const float *m = d->map + ((size_t)j * s + i) * 6;
  for (int k = 0; k < 6; k++)
    g[k] = (1 - b) * ((1 - a) * m[k] + a * m[6 + k]) + b * ((1 - a) * m[6 * s + k] + a * m[6 * s + 6 + k]);
  for (int k = 0; k < 3; k++) {
    albedo[k] *= g[k];
    n[k] -= g[3] * d->axis_x[k] + g[4] * d->axis_y[k];
  }
  unit(n);
  *specular *= g[5];
}

static void pixel(const Draw *d, Buffers *o, int at, const int *f, const int *u, const float b[3], float z) {
#define MIX(array, stride, index, k) \
  (b[0] * array[stride * index[0] + k] + b[1] * array[stride * index[1] + k] + b[2] * array[stride * index[2] + k])
  if (d->keep && MIX(d->keep, 1, f, 0) < 0) return;
  if (d->cavity_only && !o->cavity[at]) return;
  float c[4];
  texel(d, MIX(d->uvs, 2, u, 0), MIX(d->uvs, 2, u, 1), c);
  if (d->tc == 4 && c[3] < d->alpha_test) return;
  float n[3] = {MIX(d->normals, 3, f, 0), MIX(d->normals, 3, f, 1), MIX(d->normals, 3, f, 2)};
  unit(n);
  if (n[2] < 0)
    for (int k = 0; k < 3; k++) n[k] = -n[k];
  float specular = d->specular;
  for (int k = 0; k < 3; k++) c[k] *= d->tint[k];
  if (d->map) apply_map(d, MIX(d->map_uvs, 2, f, 0), MIX(d->map_uvs, 2, f, 1), c, n, &specular);
  float reach = d->light_reach ? MIX(d->light_reach, 1, f, 0) : 1;
  float alpha = d->tc == 4 && d->blend ? c[3] : 1;
  int solid = alpha > .5f;
  for (int k = 0; k < 3; k++) {
    o->albedo[3 * at + k] = alpha * c[k] * c[k] * reach + (1 - alpha) * o->albedo[3 * at + k];
    if (solid) o->normal[3 * at + k] = n[k];
  }
  o->material[at] = solid ? specular * reach : o->material[at] * (1 - alpha);
  if (!d->blend || solid) o->depth[at] = z;
  if (!d->cavity_only) o->cavity[at] = d->light_reach && reach < .75f;
#undef MIX
}

void draw(const Draw *d, Buffers *o) {
  for (int t = 0; t < d->triangles; t++) {
    const int *f = d->faces + 3 * t, *u = d->uv_faces + 3 * t;
    const float *p0 = d->points + 3 * f[0], *p1 = d->points + 3 * f[1], *p2 = d->points + 3 * f[2];
    int x0 = (int)floorf(fminf(p0[0], fminf(p1[0], p2[0]))), x1 = (int)ceilf(fmaxf(p0[0], fmaxf(p1[0], p2[0])));
    int y0 = (int)floorf(fminf(p0[1], fminf(p1[1], p2[1]))), y1 = (int)ceilf(fmaxf(p0[1], fmaxf(p1[1], p2[1])));
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 >= o->w ? o->w - 1 : x1;
    y1 = y1 >= o->h ? o->h - 1 : y1;
    float area = (p1[0] - p0[0]) * (p2[1] - p0[1]) - (p2[0] - p0[0]) * (p1[1] - p0[1]);
    if (fabsf(area) < 1e-12f) continue;
    float inverse = 1 / area;
    for (int y = y0; y <= y1; y++)
      for (int x = x0; x <= x1; x++) {
        float px = x + .5f - p0[0], py = y + .5f - p0[1], b[3];
        b[1] = (px * (p2[1] - p0[1]) - (p2[0] - p0[0]) * py) * inverse;
        b[2] = ((p1[0] - p0[0]) * py - px * (p1[1] - p0[1])) * inverse;
        b[0] = 1 - b[1] - b[2];
        if (b[0] < -1e-5f || b[1] < -1e-5f || b[2] < -1e-5f) continue;
        float z = b[0] * p0[2] + b[1] * p1[2] + b[2] * p2[2];
        int at = y * o->w + x;
        if (z > o->depth[at]) pixel(d, o, at, f, u, b, z);
      }
  }
}

/* Light at each pixel. lights: nl x 6, direction to the light and BGR colour; the first one casts the shadow.
 * Materials above .14 are wet (eyes, teeth) and get a sharper, stronger highlight. */
void shade(int n, const float *depth, const float *normal, const float *material, const float *open_sky,
           const float *shadow, const float *lights, int nl, const float *ambient, float wrap, float gloss,
           float *diffuse, float *highlight) {
  for (int o = 0; o < n; o++) {
    float e[3] = {1, 1, 1}, s[3] = {0, 0, 0};
    const float *m = normal + 3 * o;
    int wet = material[o] > .14f;
    if (depth[o] > -1e8f) {
      for (int k = 0; k < 3; k++) e[k] = ambient[k] * (.7f + .3f * m[1]) * open_sky[o];
      for (int q = 0; q < nl; q++) {
        const float *l = lights + 6 * q;
        float reach = (q == 0 ? shadow[o] : 1) * (.4f + .6f * open_sky[o]);
        float facing = (m[0] * l[0] + m[1] * l[1] + m[2] * l[2] + wrap) / (1 + wrap);
        float half[3] = {l[0], l[1], l[2] + 1};
        unit(half);
        float mirror = m[0] * half[0] + m[1] * half[1] + m[2] * half[2];
        float shine = mirror > 0 && material[o] > 0
                          ? material[o] * (wet ? 3.f : 1.f) * powf(mirror, wet ? 110.f : gloss) * reach : 0;
        for (int k = 0; k < 3; k++) {
          e[k] += (facing > 0 ? facing * reach : 0) * l[3 + k];
          s[k] += shine * l[3 + k];
        }
      }
    }
    for (int k = 0; k < 3; k++) diffuse[3 * o + k] = e[k], highlight[3 * o + k] = s[k];
  }
}

/* March through the depth image towards the light: 0 where something nearer than `reach` blocks it, else 1. */
void cast_shadow(int w, int h, const float *depth, const float *light, float pixels_per_unit, int steps, float step,
                 float bias, float reach, float *out) {
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      int o = y * w + x;
      out[o] = 1;
      if (depth[o] < -1e8f) continue;
      for (int s = 1; s <= steps; s++) {
        float t = s * step;
        int i = (int)(x + light[0] * t * pixels_per_unit + .5f), j = (int)(y - light[1] * t * pixels_per_unit + .5f);
        if (i < 0 || j < 0 || i >= w || j >= h) break;
        float blocker = depth[j * w + i], over = blocker - (depth[o] + light[2] * t);
        if (blocker > -1e8f && over > bias && over < reach) {
          out[o] = 0;
          break;
        }
      }
    }
}
