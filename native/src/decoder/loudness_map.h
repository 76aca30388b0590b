/* A model's own copy of its loudness map. */
#ifndef DDSP_LOUDNESS_MAP_H
#define DDSP_LOUDNESS_MAP_H

#include "ddsp_kernel.h"

/* One entry, or what lies between four of them. */
typedef struct {
    float shown_db, gain_db, noise_db;
} ddsp_mapped;

/* Whether sizes and values are within the ranges of the header; NULL is. */
int ddsp_loudness_map_good(const ddsp_loudness_map *map);

/* Setup. A copy in one block of memory that ddsp_loudness_map_free releases; NULL for NULL, and
 * where there is no memory. */
ddsp_loudness_map *ddsp_loudness_map_copy(const ddsp_loudness_map *map);

void ddsp_loudness_map_free(ddsp_loudness_map *map);

/* Audio. What is to be done at a MIDI note and a loudness, both finite. */
ddsp_mapped ddsp_loudness_map_at(const ddsp_loudness_map *map, float note, float loudness_db);

#endif
