/* The lowest note, the numbers of notes and of levels, then the levels and three tables by rows, in
 * the order of ddsp_loudness_map. */
#include "model_file/map_section.h"

#include <stdlib.h>

int ddsp_map_section_read(ddsp_cursor *from, ddsp_loudness_map **map)
{
    ddsp_loudness_map read = {.lowest_note = ddsp_cursor_f64(from)};
    const uint32_t n_notes = ddsp_cursor_u32(from), n_levels = ddsp_cursor_u32(from);
    if (from->ran_out)
        return DDSP_MODEL_LENGTH;
    if (n_notes > DDSP_MAX_MAP_NOTES || n_levels > DDSP_MAX_MAP_LEVELS)
        return DDSP_MODEL_VALUES;
    const size_t entries = (size_t)n_notes * n_levels, n = n_levels + 3 * entries;
    if (n > from->left / sizeof(float))
        return DDSP_MODEL_LENGTH;
    float *tables = malloc((n ? n : 1) * sizeof *tables);
    if (!tables)
        return DDSP_MODEL_MEMORY;
    for (size_t i = 0; i < n; i++)
        tables[i] = ddsp_cursor_f32(from);
    read.n_notes = (int)n_notes;
    read.n_levels = (int)n_levels;
    read.loudness_db = tables;
    read.shown_db = tables + n_levels;
    read.gain_db = read.shown_db + entries;
    read.noise_db = read.gain_db + entries;
    int problem = DDSP_MODEL_VALUES;
    if (ddsp_loudness_map_good(&read)) {
        *map = ddsp_loudness_map_copy(&read);
        problem = *map ? DDSP_MODEL_GOOD : DDSP_MODEL_MEMORY;
    }
    free(tables);
    return problem;
}
