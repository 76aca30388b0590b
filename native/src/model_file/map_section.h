/* A loudness map in a model's file. */
#ifndef DDSP_MAP_SECTION_H
#define DDSP_MAP_SECTION_H

#include "ddsp_kernel.h"
#include "decoder/loudness_map.h"
#include "model_file/cursor.h"

/* Setup. Reads the map's lowest note, its two sizes and its four tables. DDSP_MODEL_GOOD and a map
 * in `map` that ddsp_loudness_map_free releases, or why there is none. */
int ddsp_map_section_read(ddsp_cursor *from, ddsp_loudness_map **map);

#endif
