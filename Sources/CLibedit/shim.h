// libedit, and what Swift can't call of it: functions with a variable number of arguments.
#include <histedit.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

typedef char *(*bcl_prompt_function)(EditLine *);
typedef unsigned char (*bcl_key_function)(EditLine *, int);
typedef int (*bcl_read_function)(EditLine *, wchar_t *);

/// The prompt; \1 starts and ends a stretch that takes no columns.
static inline int bcl_el_prompt(EditLine *el, bcl_prompt_function function) { return el_set(el, EL_PROMPT_ESC, function, '\1'); }
/// "emacs" or "vi". Forgets all bindings.
static inline int bcl_el_editor(EditLine *el, const char *mode) { return el_set(el, EL_EDITOR, mode); }
static inline const char *bcl_el_mode(EditLine *el) {
  const char *mode = NULL;
  el_get(el, EL_EDITOR, &mode);
  return mode;
}
static inline int bcl_el_history(EditLine *el, History *handle) { return el_set(el, EL_HIST, history, handle); }
static inline int bcl_el_add(EditLine *el, const char *name, const char *help, bcl_key_function function) { return el_set(el, EL_ADDFN, name, help, function); }
static inline int bcl_el_bind(EditLine *el, const char *key, const char *command) { return el_set(el, EL_BIND, key, command, NULL); }
/// Binds in vi's command mode.
static inline int bcl_el_bind_alternative(EditLine *el, const char *key, const char *command) { return el_set(el, EL_BIND, "-a", key, command, NULL); }
static inline int bcl_el_read(EditLine *el, bcl_read_function function) { return el_set(el, EL_GETCFN, function); }
static inline int bcl_el_refresh(EditLine *el) { return el_set(el, EL_REFRESH); }
/// Whether libedit handles signals itself.
static inline int bcl_el_signal(EditLine *el, int on) { return el_set(el, EL_SIGNAL, on); }

static inline void bcl_history_size(History *handle, int size) {
  HistEvent event;
  history(handle, &event, H_SETSIZE, size);
}
static inline void bcl_history_add(History *handle, const char *line) {
  HistEvent event;
  history(handle, &event, H_ENTER, line);
}
static inline void bcl_history_clear(History *handle) {
  HistEvent event;
  history(handle, &event, H_CLEAR);
}
/// Puts the terminal into the editor's mode again, after another program had it.
static inline void bcl_el_prepare(EditLine *el) {
  el_set(el, EL_PREP_TERM, 0);
  el_set(el, EL_PREP_TERM, 1);
}
