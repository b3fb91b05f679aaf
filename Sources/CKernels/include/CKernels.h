#ifndef CKERNELS_H
#define CKERNELS_H
// The engine room: one header a family of kernels. Nothing here allocates, locks or knows a file.
#include "ps_blocked.h"
#include "ps_decoding.h"
#include "ps_dis.h"
#include "ps_drawing.h"
#include "ps_elementwise.h"
#include "ps_engine.h"
#include "ps_flow.h"
#include "ps_heatmap.h"
#include "ps_image.h"
#include "ps_peak.h"
#include "ps_sampling.h"
#include "ps_turn.h"
#include "ps_waiting.h"
#endif
