#include "ps_dis.h"
#define TABLE ps_dis_plain
#define TABLE_NAME "plain"
#include "dis.inc"
