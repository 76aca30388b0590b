/* One time step of a gated recurrent unit for all rows of a batch, forth and back: what lies
 * between the matrix products. Gates in torch's order: reset, update, new. */
#include <stdint.h>
#include <string.h>

#include "common/cpu_dispatch.h"
#include "ddsp_training.h"

/* 1 / (1 + exp(-x)), error below 2e-7: the power of two by its bits, the rest by a polynomial. */
DDSP_INLINE float sigmoid(float x)
{
    float turns = x * -1.44269504f;
    turns = turns < -126.0f ? -126.0f : turns; /* NaN stays what it is */
    turns = turns > 126.0f ? 126.0f : turns;
    const float shifted = turns + 12582912.0f; /* 1.5 * 2^23: the nearest whole in the low bits */
    int32_t whole;
    memcpy(&whole, &shifted, sizeof whole);
    whole -= 0x4b400000;
    const float y = (turns - (float)whole) * 0.693147181f;
    const float series =
        1.0f
        + y * (1.0f
               + y * (0.5f + y * (1.66666667e-1f
                                  + y * (4.16666667e-2f
                                         + y * (8.33333333e-3f + y * 1.38888889e-3f)))));
    const uint32_t bits = (uint32_t)(whole + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return 1.0f / (1.0f + power * series);
}

DDSP_INLINE void ddsp_training_gru_forward_body(int at, int rows, int size, const float *product,
                                                const float *bias_new, float *gates, float *news,
                                                float *states)
{
    for (int row = 0; row < rows; row++) {
        const long place = (long)at * rows + row;
        const float *restrict across = product + 3L * size * row;
        float *restrict gate = gates + 3 * size * place;
        float *restrict other = news + size * place;
        float *restrict state = states + size * place;
        for (int i = 0; i < 2 * size; i++)
            gate[i] = sigmoid(gate[i] + across[i]);
        const float *restrict reset = gate, *restrict update = gate + size;
        float *restrict fresh = gate + 2 * size;
        for (int i = 0; i < size; i++)
            other[i] = across[2 * size + i] + bias_new[i];
        for (int i = 0; i < size; i++)
            fresh[i] = 2.0f * sigmoid(2.0f * (fresh[i] + reset[i] * other[i])) - 1.0f;
        for (int i = 0; i < size; i++)
            state[i] = (1.0f - update[i]) * fresh[i];
        if (at > 0) {
            const float *restrict before = state - (long)rows * size;
            for (int i = 0; i < size; i++)
                state[i] += update[i] * before[i];
        }
    }
}

DDSP_CPU_DISPATCH(extern, ddsp_training_gru_forward,
         (int at, int rows, int size, const float *product, const float *bias_new, float *gates,
          float *news, float *states),
         (at, rows, size, product, bias_new, gates, news, states))

DDSP_INLINE void ddsp_training_gru_backward_body(int at, int rows, int size, const float *gates,
                                                 const float *news, const float *states,
                                                 const float *outer, float *slope, float *by_gate,
                                                 float *by_product)
{
    for (int row = 0; row < rows; row++) {
        const long place = (long)at * rows + row;
        const float *restrict gate = gates + 3 * size * place;
        const float *restrict other = news + size * place;
        const float *restrict from = outer + size * place;
        const float *restrict before = at > 0 ? states + size * (place - rows) : NULL;
        float *restrict arriving = slope + (long)size * row;
        float *restrict to_gate = by_gate + 3 * size * place;
        float *restrict to_product = by_product + 3L * size * row;
        for (int i = 0; i < size; i++) {
            const float reset = gate[i], update = gate[size + i], fresh = gate[2 * size + i];
            const float total = arriving[i] + from[i];
            const float by_new = total * (1.0f - update) * (1.0f - fresh * fresh);
            const float by_update =
                total * ((before ? before[i] : 0.0f) - fresh) * update * (1.0f - update);
            const float by_reset = by_new * other[i] * reset * (1.0f - reset);
            to_gate[i] = to_product[i] = by_reset;
            to_gate[size + i] = to_product[size + i] = by_update;
            to_gate[2 * size + i] = by_new;
            to_product[2 * size + i] = by_new * reset;
            arriving[i] = total * update;
        }
    }
}

DDSP_CPU_DISPATCH(extern, ddsp_training_gru_backward,
         (int at, int rows, int size, const float *gates, const float *news, const float *states,
          const float *outer, float *slope, float *by_gate, float *by_product),
         (at, rows, size, gates, news, states, outer, slope, by_gate, by_product))
