/* Inner products the compiler can vectorise without reordering licence. */
#ifndef DDSP_DOT_H
#define DDSP_DOT_H

/* sum of a[i] * b[i], i < n. Sixteen partial sums: independent lanes need no
 * -ffast-math to become SIMD, and rounding grows like n/16. */
static inline __attribute__((always_inline)) float ddsp_dot(const float *a, const float *b, int n)
{
    float lane[16] = {0};
    int i = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 16; j++)
            lane[j] += a[i + j] * b[i + j];
    float sum = 0.0f;
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (int j = 0; j < 16; j++)
        sum += lane[j];
    return sum;
}

#endif
