/* Loudness maps: checked and copied before anything plays, looked up once a frame. */
#include "decoder/loudness_map.h"

#include <stdlib.h>
#include <string.h>

#include "common/sanitize.h"

static int all_within(const float *values, size_t n, float low, float high)
{
    for (size_t i = 0; i < n; i++)
        if (!(values[i] >= low && values[i] <= high)) /* also NaN */
            return 0;
    return 1;
}

int ddsp_loudness_map_good(const ddsp_loudness_map *map)
{
    if (!map)
        return 1;
    if (map->n_notes < 1 || map->n_notes > DDSP_MAX_MAP_NOTES || map->n_levels < 2
        || map->n_levels > DDSP_MAX_MAP_LEVELS || !map->loudness_db || !map->shown_db
        || !map->gain_db || !map->noise_db
        || !(map->lowest_note >= -20.0 && map->lowest_note <= 160.0))
        return 0;
    for (int i = 1; i < map->n_levels; i++)
        if (!(map->loudness_db[i] > map->loudness_db[i - 1]))
            return 0;
    const size_t n = (size_t)map->n_notes * (size_t)map->n_levels;
    return all_within(map->loudness_db, (size_t)map->n_levels, -80.0f, 0.0f)
           && all_within(map->shown_db, n, -80.0f, 0.0f)
           && all_within(map->gain_db, n, -60.0f, 60.0f)
           && all_within(map->noise_db, n, -60.0f, 0.0f);
}

ddsp_loudness_map *ddsp_loudness_map_copy(const ddsp_loudness_map *map)
{
    if (!map)
        return NULL;
    const size_t levels = (size_t)map->n_levels, n = (size_t)map->n_notes * levels;
    ddsp_loudness_map *copy = malloc(sizeof *copy + (levels + 3 * n) * sizeof(float));
    if (!copy)
        return NULL;
    *copy = *map;
    float *room = (float *)(copy + 1);
    memcpy(room, map->loudness_db, levels * sizeof(float));
    memcpy(room + levels, map->shown_db, n * sizeof(float));
    memcpy(room + levels + n, map->gain_db, n * sizeof(float));
    memcpy(room + levels + 2 * n, map->noise_db, n * sizeof(float));
    copy->loudness_db = room;
    copy->shown_db = room + levels;
    copy->gain_db = room + levels + n;
    copy->noise_db = room + levels + 2 * n;
    return copy;
}

void ddsp_loudness_map_free(ddsp_loudness_map *map)
{
    free(map);
}

/* Two rows of a table, at `level` and the entry after it. */
static float between(const float *low, const float *high, int level, float up, float along)
{
    const float a = low[level] + along * (low[level + 1] - low[level]);
    const float b = high[level] + along * (high[level + 1] - high[level]);
    return a + up * (b - a);
}

ddsp_mapped ddsp_loudness_map_at(const ddsp_loudness_map *map, float note, float loudness_db)
{
    const float row = ddsp_within(note - (float)map->lowest_note, 0.0f, (float)(map->n_notes - 1));
    const int last = map->n_levels - 1, low = (int)row;
    const int high = low + 1 < map->n_notes ? low + 1 : low;
    int level = 0;
    while (level < last - 1 && loudness_db >= map->loudness_db[level + 1])
        level++;
    const float begin = map->loudness_db[level], end = map->loudness_db[level + 1];
    const float along = ddsp_within((loudness_db - begin) / (end - begin), 0.0f, 1.0f);
    const float up = row - (float)low;
    const size_t a = (size_t)low * (size_t)map->n_levels, b = (size_t)high * (size_t)map->n_levels;
    return (ddsp_mapped){
        between(map->shown_db + a, map->shown_db + b, level, up, along),
        between(map->gain_db + a, map->gain_db + b, level, up, along),
        between(map->noise_db + a, map->noise_db + b, level, up, along),
    };
}
