#include "ps_blocked.h"
#include "ps_elementwise.h"
#include <math.h>
#include <string.h>
#include "vector_plain.h"
#include "activation.inc"
#include "tile.inc"
#include "direct.inc"
#include "winograd.inc"
#include "depthwise.inc"
#include "stem.inc"
#include "maps.inc"
#define TABLE ps_blocked_plain
#define TABLE_NAME "plain"
#include "table.inc"
