// libedit, and what Swift can't call of it: functions with a variable number of arguments.
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>

static char bcl_prompt_text[256] = "> ";
static inline char *bcl_prompt_callback(EditLine *el) { (void)el; return bcl_prompt_text; }

/// An editor on the terminal with emacs keys and a history, which also reads the user's .editrc.
static inline EditLine *bcl_editor(const char *name, History *handle) {
  EditLine *el = el_init(name, stdin, stdout, stderr);
  if (el == NULL) return NULL;
  el_set(el, EL_PROMPT, bcl_prompt_callback);
  el_set(el, EL_EDITOR, "emacs");
  el_set(el, EL_HIST, history, handle);
  el_set(el, EL_SIGNAL, 0);
  el_source(el, NULL);
  return el;
}
static inline History *bcl_history(int size) {
  History *handle = history_init();
  HistEvent event;
  if (handle != NULL) history(handle, &event, H_SETSIZE, size);
  return handle;
}
static inline void bcl_history_add(History *handle, const char *line) {
  HistEvent event;
  history(handle, &event, H_ENTER, line);
}
static inline void bcl_set_prompt(const char *text) { snprintf(bcl_prompt_text, sizeof bcl_prompt_text, "%s", text); }
