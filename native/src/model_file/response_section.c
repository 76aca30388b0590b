/* The rate in Hz, the number of samples, four bytes of nothing, then the samples as float32. */
#include "model_file/response_section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 16.0f

int ddsp_response_section_read(ddsp_cursor *from, ddsp_model_info *info, float **response)
{
    const double rate = ddsp_cursor_f64(from);
    const uint32_t n = ddsp_cursor_u32(from);
    ddsp_cursor_u32(from);
    if (from->ran_out)
        return DDSP_MODEL_LENGTH;
    if (!(rate >= 8000.0 && rate <= 384000.0) || n < 1 || n > rate)
        return DDSP_MODEL_VALUES;
    if (from->left / sizeof(float) < n)
        return DDSP_MODEL_LENGTH;
    float *samples = malloc(n * sizeof *samples);
    if (!samples)
        return DDSP_MODEL_MEMORY;
    *response = samples;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t bits = ddsp_cursor_u32(from);
        memcpy(&samples[i], &bits, sizeof bits);
        if (!(fabsf(samples[i]) <= LARGEST))
            return DDSP_MODEL_VALUES;
    }
    info->response = samples;
    info->n_response = (int32_t)n;
    info->response_hz = rate;
    return DDSP_MODEL_GOOD;
}
