#include "ctorch.h"
#include <torch/torch.h>
const char *ctorch_version(void) { return TORCH_VERSION; }
