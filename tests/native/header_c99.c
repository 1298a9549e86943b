/* The public header as C99: compiling is the test. */
#include <pyinfo/pyinfo.h>

const pyinfo_api* pyinfo_table_seen_by_c(void);
const pyinfo_api* pyinfo_table_seen_by_c(void) {
  static const pyinfo_frame_options options = PYINFO_FRAME_OPTIONS_INIT;
  return options.size == sizeof options ? pyinfo_get_api() : NULL;
}
