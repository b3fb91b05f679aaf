#include "ps_flow.h"
#include "vector_plain.h"
#include "halve.inc"
#include "lucas_kanade.inc"
#define TABLE ps_flow_plain
#define TABLE_NAME "plain"
#include "table.inc"
