#include "ps_image.h"
