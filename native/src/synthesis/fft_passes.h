/* The passes of a complex inverse FFT (Stockham's: no bit reversal) in vectors: a template,
 * included once for each kind of vector with FFT_BYTES (of a vector), FFT_NAME(name) and FFT_TARGET
 * (function attribute). x and y are real and imaginary parts; a pass reads x and writes y.
 */
#define LANES (FFT_BYTES / 4)
#define FLOATS FFT_NAME(floats)
#define INTS FFT_NAME(ints)

typedef float FLOATS __attribute__((vector_size(FFT_BYTES)));
typedef int32_t INTS __attribute__((vector_size(FFT_BYTES)));

#define LOAD(vector, from) memcpy(&(vector), (from), FFT_BYTES)
#define STORE(to, vector) memcpy((to), &(vector), FFT_BYTES)
#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (INTS){__VA_ARGS__})
#endif

/* a and b element by element in turn, into 2 * LANES floats. */
FFT_TARGET DDSP_INLINE void FFT_NAME(interleave)(FLOATS a, FLOATS b, float *to)
{
#if LANES == 8
    const FLOATS low = SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    const FLOATS high = SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    STORE(to, low);
    STORE(to + LANES, high);
#elif LANES == 4
    const FLOATS low = SHUFFLE(a, b, 0, 4, 1, 5), high = SHUFFLE(a, b, 2, 6, 3, 7);
    STORE(to, low);
    STORE(to + LANES, high);
#else
    STORE(to, a);
    STORE(to + LANES, b);
#endif
}

/* Four vectors, element by element in turn, into 4 * LANES floats. */
FFT_TARGET DDSP_INLINE void FFT_NAME(interleave4)(FLOATS a, FLOATS b, FLOATS c, FLOATS d,
                                                  float *to)
{
#if LANES == 8
    const FLOATS ab = SHUFFLE(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
    const FLOATS cd = SHUFFLE(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
    const FLOATS ab2 = SHUFFLE(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
    const FLOATS cd2 = SHUFFLE(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
    const FLOATS w0 = SHUFFLE(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13);
    const FLOATS w1 = SHUFFLE(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
    const FLOATS w2 = SHUFFLE(ab2, cd2, 0, 1, 8, 9, 4, 5, 12, 13);
    const FLOATS w3 = SHUFFLE(ab2, cd2, 2, 3, 10, 11, 6, 7, 14, 15);
    const FLOATS v0 = SHUFFLE(w0, w1, 0, 1, 2, 3, 8, 9, 10, 11);
    const FLOATS v1 = SHUFFLE(w2, w3, 0, 1, 2, 3, 8, 9, 10, 11);
    const FLOATS v2 = SHUFFLE(w0, w1, 4, 5, 6, 7, 12, 13, 14, 15);
    const FLOATS v3 = SHUFFLE(w2, w3, 4, 5, 6, 7, 12, 13, 14, 15);
#elif LANES == 4
    const FLOATS ab = SHUFFLE(a, b, 0, 4, 1, 5), cd = SHUFFLE(c, d, 0, 4, 1, 5);
    const FLOATS ab2 = SHUFFLE(a, b, 2, 6, 3, 7), cd2 = SHUFFLE(c, d, 2, 6, 3, 7);
    const FLOATS v0 = SHUFFLE(ab, cd, 0, 1, 4, 5), v1 = SHUFFLE(ab, cd, 2, 3, 6, 7);
    const FLOATS v2 = SHUFFLE(ab2, cd2, 0, 1, 4, 5), v3 = SHUFFLE(ab2, cd2, 2, 3, 6, 7);
#else
    const FLOATS v0 = a, v1 = b, v2 = c, v3 = d;
#endif
    STORE(to, v0);
    STORE(to + LANES, v1);
    STORE(to + 2 * LANES, v2);
    STORE(to + 3 * LANES, v3);
}

/* A radix-4 butterfly of the elements at `from` of each quarter: four real and imaginary parts. */
FFT_TARGET DDSP_INLINE void FFT_NAME(butterfly)(const float *xr, const float *xi, int from,
                                                int quarter, FLOATS r[4], FLOATS i[4])
{
    FLOATS ar, ai, br, bi, cr, ci, dr, di;
    LOAD(ar, xr + from);
    LOAD(ai, xi + from);
    LOAD(br, xr + from + quarter);
    LOAD(bi, xi + from + quarter);
    LOAD(cr, xr + from + 2 * quarter);
    LOAD(ci, xi + from + 2 * quarter);
    LOAD(dr, xr + from + 3 * quarter);
    LOAD(di, xi + from + 3 * quarter);
    const FLOATS pr = ar + cr, pi = ai + ci, mr = ar - cr, mi = ai - ci;
    const FLOATS or = br + dr, oi = bi + di;
    const FLOATS jr = di - bi, ji = br - dr; /* i (b - d) */
    r[0] = pr + or;
    i[0] = pi + oi;
    r[1] = mr + jr;
    i[1] = mi + ji;
    r[2] = pr - or;
    i[2] = pi - oi;
    r[3] = mr - jr;
    i[3] = mi - ji;
}

/* (r + i im) times a twiddle of cosine c and sine s, in place. */
FFT_TARGET DDSP_INLINE void FFT_NAME(twist)(FLOATS *r, FLOATS *i, FLOATS c, FLOATS s)
{
    const FLOATS real = *r * c - *i * s;
    *i = *r * s + *i * c;
    *r = real;
}

/* The first pass, of length n at stride 1: vectors run across its n / 4 >= LANES butterflies. */
FFT_TARGET static void FFT_NAME(first4)(const float *restrict xr, const float *restrict xi,
                                        float *restrict yr, float *restrict yi, int n,
                                        const float *restrict w)
{
    const int quarter = n / 4;
    for (int p = 0; p < quarter; p += LANES) {
        FLOATS r[4], i[4], c, s;
        FFT_NAME(butterfly)(xr, xi, p, quarter, r, i);
        DDSP_UNROLL
        for (int j = 1; j < 4; j++) {
            LOAD(c, w + p + (2 * j - 2) * quarter);
            LOAD(s, w + p + (2 * j - 1) * quarter);
            FFT_NAME(twist)(&r[j], &i[j], c, s);
        }
        FFT_NAME(interleave4)(r[0], r[1], r[2], r[3], yr + 4 * p);
        FFT_NAME(interleave4)(i[0], i[1], i[2], i[3], yi + 4 * p);
    }
}

/* One of length n at stride s >= LANES, which vectors run across. */
FFT_TARGET static void FFT_NAME(pass4)(const float *restrict xr, const float *restrict xi,
                                       float *restrict yr, float *restrict yi, int n, int s,
                                       const float *restrict w)
{
    const int count = n / 4, quarter = count * s;
    const FLOATS zero = {0};
    for (int p = 0; p < count; p++) {
        FLOATS twiddle[6];
        DDSP_UNROLL
        for (int t = 0; t < 6; t++)
            twiddle[t] = zero + w[p + t * count];
        for (int q = 0; q < s; q += LANES) {
            FLOATS r[4], i[4];
            FFT_NAME(butterfly)(xr, xi, p * s + q, quarter, r, i);
            DDSP_UNROLL
            for (int j = 1; j < 4; j++)
                FFT_NAME(twist)(&r[j], &i[j], twiddle[2 * j - 2], twiddle[2 * j - 1]);
            DDSP_UNROLL
            for (int j = 0; j < 4; j++) {
                STORE(yr + (4 * p + j) * s + q, r[j]);
                STORE(yi + (4 * p + j) * s + q, i[j]);
            }
        }
    }
}

/* The last pass, of length 4 at stride s >= LANES, with real and imaginary parts in turn. */
FFT_TARGET static void FFT_NAME(last4)(const float *restrict xr, const float *restrict xi,
                                       float *restrict out, int s)
{
    for (int q = 0; q < s; q += LANES) {
        FLOATS r[4], i[4];
        FFT_NAME(butterfly)(xr, xi, q, s, r, i);
        DDSP_UNROLL
        for (int j = 0; j < 4; j++)
            FFT_NAME(interleave)(r[j], i[j], out + 2 * (j * s + q));
    }
}

/* The same where it is of length 2. */
FFT_TARGET static void FFT_NAME(last2)(const float *restrict xr, const float *restrict xi,
                                       float *restrict out, int s)
{
    for (int q = 0; q < s; q += LANES) {
        FLOATS ar, ai, br, bi;
        LOAD(ar, xr + q);
        LOAD(ai, xi + q);
        LOAD(br, xr + s + q);
        LOAD(bi, xi + s + q);
        FFT_NAME(interleave)(ar + br, ai + bi, out + 2 * q);
        FFT_NAME(interleave)(ar - br, ai - bi, out + 2 * (s + q));
    }
}

#undef FFT_BYTES
#undef FFT_NAME
#undef FFT_TARGET
#undef LANES
#undef FLOATS
#undef INTS
#undef LOAD
#undef STORE
#undef SHUFFLE
