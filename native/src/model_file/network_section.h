/* The section that holds a network's weights. */
#ifndef DDSP_NETWORK_SECTION_H
#define DDSP_NETWORK_SECTION_H

#include "ddsp_kernel.h"
#include "model_file/cursor.h"

/* Prepares `network` with what is read; its sizes are also written to the two numbers. Returns
 * DDSP_MODEL_GOOD or the problem. */
int ddsp_network_section_read(ddsp_cursor *from, ddsp_network *network, int *n_harmonics,
                              int *n_noise);

#endif
