/* setup_facts: one machine, before and after setup, for the tests of the plan and of the ledger. */
#ifndef CORDON_SETUP_FACTS_H
#define CORDON_SETUP_FACTS_H

#include "../sandbox/core/setup_plan.h"

#define PERSON  "S-1-5-21-1-2-3-1001"
#define OFFLINE "S-1-5-21-1-2-3-1005"
#define ONLINE  "S-1-5-21-1-2-3-1006"
#define GROUP   "S-1-5-21-1-2-3-1004"

static struct setup_path wsl_paths[] = {{STR("C:\\Windows\\System32\\wsl.exe"), LOOK_MISSING}};

static inline void facts_fresh(struct setup_facts *f)
{
    *f = (struct setup_facts){.build = 19045,
        .elevated = true,
        .person_sid = STR(PERSON),
        .caller_sid = STR(PERSON),
        .offline = {.name = STR("CordonOffline"), .hidden = LOOK_MISSING, .profile = LOOK_MISSING},
        .online = {.name = STR("CordonOnline"), .hidden = LOOK_MISSING, .profile = LOOK_MISSING},
        .credentials = LOOK_MISSING,
        .seclogon = SERVICE_IS_STOPPED,
        .firewall = SERVICE_IS_RUNNING,
        .filtering = SERVICE_IS_RUNNING,
        .firewall_looked = true,
        .firewall_merges = true,
        .filters = LOOK_MISSING,
        .rules = LOOK_MISSING,
        .audit_wanted = true,
        .audit_looked = true,
        .log_overwrites = true,
        .audit_policy = LOOK_MISSING,
        .audit_sacl = LOOK_MISSING,
        .witness = LOOK_MISSING,
        .com_launch = LOOK_MISSING,
        .com_access = LOOK_MISSING,
        .wsl = wsl_paths,
        .wsl_count = 1,
        .program_source = STR("C:\\Users\\p\\cordon"),
        .program_dir = STR("C:\\Program Files\\Cordon"),
        .data_dir = STR("C:\\ProgramData\\Cordon"),
        .programs = LOOK_MISSING,
        .folders = LOOK_MISSING,
        .ledger = LOOK_MISSING};
    f->group.name = STR("CordonUsers");
    wsl_paths[0].look = LOOK_MISSING;
}

static inline void account_whole(struct setup_account *u, struct str sid)
{
    u->sid = sid;
    u->there = u->ours = u->enabled = u->flags_right = u->in_users = u->in_group = true;
    u->rights = (1u << SETUP_RIGHTS) - 1;
    u->hidden = u->profile = LOOK_WHOLE;
}

static inline void facts_set_up(struct setup_facts *f)
{
    facts_fresh(f);
    account_whole(&f->offline, STR(OFFLINE));
    account_whole(&f->online, STR(ONLINE));
    f->group.sid = STR(GROUP);
    f->group.there = f->group.ours = f->committed = true;
    f->credentials = f->filters = f->rules = f->audit_policy = f->audit_sacl = f->witness = LOOK_WHOLE;
    f->com_launch = f->com_access = f->programs = f->folders = f->ledger = LOOK_WHOLE;
    wsl_paths[0].look = LOOK_WHOLE;
}

#endif
