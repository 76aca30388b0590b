/* One step of a network: a template, included once for each kind of vector with
 * NET_BYTES (of a vector), NET_SETS (of sums side by side, 1 or 2), NET_NAME(name) and NET_TARGET
 * (function attribute).
 *
 * NaN goes through every function here as NaN, so that the caller finds it at the end.
 */
#define LANES (NET_BYTES / 4)
#define FLOATS NET_NAME(floats)
#define INTS NET_NAME(ints)

typedef float FLOATS __attribute__((vector_size(NET_BYTES)));
typedef int32_t INTS __attribute__((vector_size(NET_BYTES)));

#define LOAD(vector, from) memcpy(&(vector), (from), NET_BYTES)
#define STORE(to, vector) memcpy((to), &(vector), NET_BYTES)
/* a where the mask's bits are set, b elsewhere. */
#define CHOOSE(mask, a, b) ((FLOATS)(((INTS)(a) & (mask)) | ((INTS)(b) & ~(mask))))

/* exp(x), relative error below 1.2e-6 for -80..80; outside it is as at the nearer end. */
NET_TARGET DDSP_INLINE void NET_NAME(exponential)(FLOATS *x)
{
    const FLOATS zero = {0};
    FLOATS t = CHOOSE(*x < -80.0f, zero - 80.0f, *x);
    t = CHOOSE(t > 80.0f, zero + 80.0f, t) * 1.44269504f;
    const FLOATS rounded = t + 12582912.0f; /* 1.5 * 2^23: the integer is in the low bits */
    const FLOATS f = t - (rounded - 12582912.0f);
    /* 2^f for -0.5..0.5, minimax: relative error 7.5e-8 in exact arithmetic. */
    const FLOATS power = 1.0000001f + f * (0.69314694f + f * (0.2402212f + f * (0.05550713f
                         + f * (0.009675542f + f * 0.0013276472f))));
    /* 0x4b400000 are the bits of 1.5 * 2^23. A product, not a sum of bits: NaN stays NaN. */
    const INTS scale = ((INTS)rounded - (0x4b400000 - 127)) << 23;
    *x = power * (FLOATS)scale;
}

/* 1 / (1 + exp(-x)), absolute error below 3e-7. */
NET_TARGET DDSP_INLINE void NET_NAME(sigmoid)(FLOATS *x)
{
    FLOATS e = -*x;
    NET_NAME(exponential)(&e);
    *x = 1.0f / (1.0f + e);
}

/* x within low..high; NaN stays. */
NET_TARGET DDSP_INLINE void NET_NAME(limit)(FLOATS *x, float low, float high)
{
    const FLOATS zero = {0};
    *x = CHOOSE(*x < low, zero + low, *x);
    *x = CHOOSE(*x > high, zero + high, *x);
}

/* 0 for what is so small that it might become denormal. */
NET_TARGET DDSP_INLINE void NET_NAME(flush)(FLOATS *x)
{
    const FLOATS size = (FLOATS)((INTS)*x & INT32_MAX);
    *x = (FLOATS)((INTS)*x & ~(size < 1e-30f));
}

/* A matrix times x, plus its bias, into y. Sums run in two sets where there are registers for
 * them: a multiply-add takes longer than the next one waits. */
NET_TARGET static void NET_NAME(dense)(const ddsp_net_matrix *matrix, const float *x, float *y)
{
    enum { WIDE = DDSP_NET_TILE / LANES, NARROW = DDSP_NET_STEP / LANES };
    const int n_in = matrix->n_in;
    const float *weights = matrix->weights, *bias = matrix->bias;
    int left = matrix->n_out;
    for (; left >= DDSP_NET_TILE; left -= DDSP_NET_TILE) {
        FLOATS sum[NET_SETS][WIDE], w;
        DDSP_UNROLL
        for (int v = 0; v < WIDE; v++) {
            LOAD(sum[0][v], bias + v * LANES);
            DDSP_UNROLL
            for (int set = 1; set < NET_SETS; set++)
                sum[set][v] = (FLOATS){0};
        }
        int i = 0;
        for (; i + NET_SETS <= n_in; i += NET_SETS)
            DDSP_UNROLL
            for (int set = 0; set < NET_SETS; set++, weights += DDSP_NET_TILE)
                DDSP_UNROLL
                for (int v = 0; v < WIDE; v++) {
                    LOAD(w, weights + v * LANES);
                    sum[set][v] += w * x[i + set];
                }
        for (; i < n_in; i++, weights += DDSP_NET_TILE)
            DDSP_UNROLL
            for (int v = 0; v < WIDE; v++) {
                LOAD(w, weights + v * LANES);
                sum[0][v] += w * x[i];
            }
        DDSP_UNROLL
        for (int v = 0; v < WIDE; v++) {
            DDSP_UNROLL
            for (int set = 1; set < NET_SETS; set++)
                sum[0][v] += sum[set][v];
            STORE(y + v * LANES, sum[0][v]);
        }
        y += DDSP_NET_TILE;
        bias += DDSP_NET_TILE;
    }
    for (; left > 0; left -= DDSP_NET_STEP) {
        FLOATS sum[4][NARROW], w;
        DDSP_UNROLL
        for (int v = 0; v < NARROW; v++) {
            LOAD(sum[0][v], bias + v * LANES);
            sum[1][v] = sum[2][v] = sum[3][v] = (FLOATS){0};
        }
        int i = 0;
        for (; i + 4 <= n_in; i += 4)
            DDSP_UNROLL
            for (int set = 0; set < 4; set++, weights += DDSP_NET_STEP)
                DDSP_UNROLL
                for (int v = 0; v < NARROW; v++) {
                    LOAD(w, weights + v * LANES);
                    sum[set][v] += w * x[i + set];
                }
        for (; i < n_in; i++, weights += DDSP_NET_STEP)
            DDSP_UNROLL
            for (int v = 0; v < NARROW; v++) {
                LOAD(w, weights + v * LANES);
                sum[0][v] += w * x[i];
            }
        DDSP_UNROLL
        for (int v = 0; v < NARROW; v++) {
            sum[0][v] = (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]);
            STORE(y + v * LANES, sum[0][v]);
        }
        y += DDSP_NET_STEP;
        bias += DDSP_NET_STEP;
    }
}

/* The same with packed weights, two of which are in a word; y has room for whole tiles. */
NET_TARGET static void NET_NAME(dense_packed)(const ddsp_net_matrix *matrix, const float *x,
                                              float *y)
{
    enum { PAIR = DDSP_NET_TILE / 2, HALF = PAIR / LANES };
    const int n_in = matrix->n_in;
    const uint32_t *words = matrix->packed;
    for (int done = 0; done < matrix->n_out; done += DDSP_NET_TILE) {
        FLOATS low[2][HALF], high[2][HALF], bias, scale;
        DDSP_UNROLL
        for (int v = 0; v < HALF; v++)
            low[0][v] = high[0][v] = low[1][v] = high[1][v] = (FLOATS){0};
        for (int i = 0; i < n_in; i++, words += PAIR) {
            FLOATS *to_low = low[0], *to_high = high[0];
            DDSP_UNROLL
            for (int v = 0; v < HALF; v++) {
                INTS pair;
                LOAD(pair, words + v * LANES);
                to_low[v] += (FLOATS)(pair << 16) * x[i];
                to_high[v] += (FLOATS)(pair & (INT32_MIN | 0x7fff0000)) * x[i];
            }
            if (++i >= n_in)
                break;
            words += PAIR;
            DDSP_UNROLL
            for (int v = 0; v < HALF; v++) {
                INTS pair;
                LOAD(pair, words + v * LANES);
                low[1][v] += (FLOATS)(pair << 16) * x[i];
                high[1][v] += (FLOATS)(pair & (INT32_MIN | 0x7fff0000)) * x[i];
            }
        }
        DDSP_UNROLL
        for (int v = 0; v < HALF; v++) {
            const int at = done + v * LANES;
            LOAD(bias, matrix->bias + at);
            LOAD(scale, matrix->scale + at);
            low[0][v] = bias + scale * (low[0][v] + low[1][v]);
            STORE(y + at, low[0][v]);
            LOAD(bias, matrix->bias + at + PAIR);
            LOAD(scale, matrix->scale + at + PAIR);
            high[0][v] = bias + scale * (high[0][v] + high[1][v]);
            STORE(y + at + PAIR, high[0][v]);
        }
    }
}

/* leaky_relu of n numbers (filled up) in place. */
NET_TARGET DDSP_INLINE void NET_NAME(leaky)(float *x, int n, float leak)
{
    for (int i = 0; i < n; i += LANES) {
        FLOATS v;
        LOAD(v, x + i);
        v = CHOOSE(v > 0.0f, v, v * leak);
        STORE(x + i, v);
    }
}

/* The GRU cell. body: the last layer's width, then room for the state, which lies there afterwards. */
NET_TARGET static void NET_NAME(recur)(const ddsp_network *network, float *body, float *state)
{
    float gate[2 * DDSP_MAX_STATE], in_new[DDSP_MAX_STATE], state_new[DDSP_MAX_STATE];
    const int size = network->facts.state_size, filled = DDSP_NET_ROUND(size);
    memcpy(body + network->width, state, (size_t)size * sizeof *body);
    NET_NAME(dense)(&network->gates, body, gate);
    NET_NAME(dense)(&network->in_new, body, in_new);
    NET_NAME(dense)(&network->state_new, state, state_new);
    for (int i = 0; i < filled; i += LANES) {
        FLOATS reset, update, fresh, other, before;
        LOAD(reset, gate + i);
        LOAD(update, gate + filled + i);
        LOAD(fresh, in_new + i);
        LOAD(other, state_new + i);
        LOAD(before, state + i);
        NET_NAME(sigmoid)(&reset);
        NET_NAME(sigmoid)(&update);
        fresh = 2.0f * (fresh + reset * other); /* tanh(x) = 2 sigmoid(2 x) - 1 */
        NET_NAME(sigmoid)(&fresh);
        fresh = 2.0f * fresh - 1.0f;
        fresh += update * (before - fresh);
        NET_NAME(flush)(&fresh);
        STORE(state + i, fresh);
    }
    memcpy(body + network->width, state, (size_t)size * sizeof *body);
}

/* The inputs of a network with running means, which move on. Room for two more. */
static int NET_NAME(listen)(const ddsp_network *network, float *x, float *state)
{
    const int n_means = network->facts.n_means;
    for (int i = 0; i < n_means; i++) {
        const float now = x[i & 1];
        state[i] = ddsp_flush(state[i] + network->mean_shares[i] * (now - state[i]), 1e-30f);
        x[2 + i] = now - state[i];
    }
    return n_means;
}

/* One step: x has pitch and loudness, centred; head gets what the heads say. */
NET_TARGET static void NET_NAME(step)(const ddsp_network *network, float *x, float *state,
                                      float *head)
{
    /* body is followed by the state; each layer reads what the one before has written. */
    float room[2][DDSP_MAX_UNITS + DDSP_MAX_STATE + DDSP_NET_STEP];
    const ddsp_network_weights *facts = &network->facts;
    const float *from = x;
    float *body = room[0];
    const int n_means = network->recurrent ? 0 : NET_NAME(listen)(network, x, state);
    for (int i = 0; i < facts->n_layers; i++) {
        body = room[i & 1];
        NET_NAME(dense)(&network->layers[i], from, body);
        if (i == 0 && network->past.n_in > 0) {
            NET_NAME(dense)(&network->past, state + n_means, room[1]);
            for (int j = 0; j < network->past.n_out; j++)
                body[j] += room[1][j];
        }
        NET_NAME(leaky)(body, network->layers[i].n_out, facts->leak);
        from = body;
    }
    if (network->past.n_in > 0) { /* the newest input comes first, the oldest is forgotten */
        float *before = state + n_means;
        memmove(before + 2, before, (size_t)(network->past.n_in - 2) * sizeof *before);
        memcpy(before, x, 2 * sizeof *before);
    }
    if (network->recurrent) {
        float *merged = body == room[0] ? room[1] : room[0];
        NET_NAME(recur)(network, body, state);
        NET_NAME(dense)(&network->merge, body, merged);
        NET_NAME(leaky)(merged, network->merge.n_out, facts->leak);
        from = merged;
    }
    if (!network->head.packed) {
        NET_NAME(dense)(&network->head, from, head);
        return;
    }
    float amplitude[DDSP_NET_STEP];
    NET_NAME(dense_packed)(&network->head, from, head);
    NET_NAME(dense)(&network->amplitude, from, amplitude);
    head[DDSP_NET_ROUND(facts->n_harmonics) + facts->n_noise] = amplitude[0];
}

/* Whether all of n numbers (filled up) are finite: a number times 0 is 0, except what is not. */
NET_TARGET DDSP_INLINE int NET_NAME(finite)(const float *x, int n)
{
    FLOATS sum = {0}, v;
    for (int i = 0; i < n; i += LANES) {
        LOAD(v, x + i);
        sum += v * 0.0f;
    }
    float total = 0.0f;
    for (int lane = 0; lane < LANES; lane++)
        total += sum[lane];
    return total == 0.0f;
}

/* Softmax of n numbers (filled up with -infinity, at least one that is not) in place. */
NET_TARGET static void NET_NAME(softmax)(float *x, int n)
{
    FLOATS most, v, sum = {0};
    LOAD(most, x);
    for (int i = LANES; i < n; i += LANES) {
        LOAD(v, x + i);
        most = CHOOSE(v > most, v, most);
    }
    float largest = most[0], total = 0.0f;
    for (int lane = 1; lane < LANES; lane++)
        largest = most[lane] > largest ? most[lane] : largest;
    for (int i = 0; i < n; i += LANES) {
        LOAD(v, x + i);
        v -= largest;
        NET_NAME(exponential)(&v);
        sum += v;
        STORE(x + i, v);
    }
    for (int lane = 0; lane < LANES; lane++)
        total += sum[lane];
    const float scale = 1.0f / total;
    for (int i = 0; i < n; i += LANES) {
        LOAD(v, x + i);
        v *= scale;
        NET_NAME(flush)(&v);
        STORE(x + i, v);
    }
}

/* gain * exp(x within low..high) of n numbers (filled up) in place. */
NET_TARGET static void NET_NAME(levels)(float *x, int n, float low, float high, float gain)
{
    for (int i = 0; i < n; i += LANES) {
        FLOATS v;
        LOAD(v, x + i);
        NET_NAME(limit)(&v, low, high);
        NET_NAME(exponential)(&v);
        v *= gain;
        NET_NAME(flush)(&v);
        STORE(x + i, v);
    }
}

/* Step and output functions; 0 where anything was not finite. head: harmonics, filled up, then
 * noise. *amplitude is what its head says, within its limits and not yet exponential. */
NET_TARGET static int NET_NAME(decode)(const ddsp_network *network, float *x, float *state,
                                       float gain, float *head, float *amplitude)
{
    const ddsp_network_weights *facts = &network->facts;
    const int noise_at = DDSP_NET_ROUND(facts->n_harmonics);
    NET_NAME(step)(network, x, state, head);
    if (!NET_NAME(finite)(head, network->head.n_out)
        || !NET_NAME(finite)(state, DDSP_NET_ROUND(facts->state_size)))
        return 0;
    *amplitude = head[noise_at + facts->n_noise];
    for (int k = facts->n_harmonics; k < noise_at; k++)
        head[k] = -INFINITY; /* no share for what only fills up */
    NET_NAME(softmax)(head, noise_at);
    NET_NAME(levels)(head + noise_at, network->head.n_out - noise_at, facts->noise_low,
                     facts->noise_high, gain);
    return 1;
}

#undef NET_BYTES
#undef NET_SETS
#undef NET_NAME
#undef NET_TARGET
#undef LANES
#undef FLOATS
#undef INTS
#undef LOAD
#undef STORE
#undef CHOOSE
