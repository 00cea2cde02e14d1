/*
 * layers: what policy.c, builtin.c and policy_print.c share: rules joining a policy, and the
 * machine's bounds.
 *
 * Private to those files. The machine's policy is kept as its file left it; whatever a later layer
 * says is held against that copy, never against what other layers made of it since.
 */
#ifndef CORDON_LAYERS_H
#define CORDON_LAYERS_H

#include "keys.h"
#include "policy.h"

struct policy_layers {
    struct origin at[KEY_COUNT];         /* where each key was last set; LAYER_BUILTIN: nowhere */
    struct policy *machine;              /* NULL: the machine has no policy; never changed */
    struct origin machine_at[KEY_COUNT]; /* where the machine's policy sets each key */
};

/* Does the text say where it lies? ("./x" lies in the current folder, where there is one; "x" does
 * not say.) */
bool layers_is_placed(const struct path_env *env, struct str text);
/* A path as a person wrote it for a rule of this kind. Bare names for RULE_PROTECT are not
 * anchored. */
bool layers_path(struct arena *a, const struct path_env *env, enum rule_kind kind, struct str text,
    struct rule *out, struct err *e);
/* May a layer above the machine's add this rule? If not, *why is the reason. */
bool layers_allow(struct arena *a, const struct path_env *env, const struct policy *p,
    const struct rule *rule, struct str *why);
/* Adds a copy of *rule and numbers it, unless the same rule of a person's is there and in force. */
bool layers_add(struct arena *a, struct policy *p, const struct rule *rule);

/* The origin of the machine's value of a key, or NULL where it says nothing and bounds nothing. */
const struct origin *layers_bound(const struct policy *p, enum key_id id);
bool texts_have(const struct texts *list, struct str text);
bool builtin_drops(struct str pattern); /* is it in the built-in env.drop? */

#endif
