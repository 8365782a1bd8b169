#include "aws/credential_chain.h"
