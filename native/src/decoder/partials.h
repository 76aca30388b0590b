/* Motion of single harmonics, as bow and body give them: beyond what pitch and loudness explain. */
#ifndef DDSP_PARTIALS_H
#define DDSP_PARTIALS_H

#include "ddsp_kernel.h"

/* Moves the weights by `db`, root mean square, at the place `at` of their ways. The fundamental
 * stays, the power of all harmonics and the sum of the weights too. db 0, or values that are not
 * finite: nothing. */
void ddsp_partials_move(float db, float at, int n_harmonics, ddsp_control_frame *controls);

#endif
