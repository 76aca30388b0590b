/* ddsp_kernel.h: the public C API of the ddsp-edge kernel, area by area. */
#ifndef DDSP_KERNEL_H
#define DDSP_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "ddsp_common.h"
#include "ddsp_frames.h"
#include "ddsp_synthesis.h"
#include "ddsp_analysis.h"
#include "ddsp_decoder.h"
#include "ddsp_player.h"
#include "ddsp_expression.h"
#include "ddsp_rig.h"
#include "ddsp_receiver.h"
#include "ddsp_model_file.h"

#endif
