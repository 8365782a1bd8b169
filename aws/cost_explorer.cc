#include "aws/cost_explorer.h"
