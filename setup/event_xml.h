/*
 * event_xml: the XML in which Windows renders an event (EvtRender with EvtRenderEventXml), piece by piece.
 *
 * Not a reader of XML: elements, attributes, text, the five named entities and numbers, and nothing else. What a sandboxed
 * program chose (a file's name) stands in these texts, so that declarations, comments, CDATA and processing instructions are
 * refused rather than understood, and every size has a bound.
 */
#ifndef CORDON_EVENT_XML_H
#define CORDON_EVENT_XML_H

#include "../sandbox/core/base.h"

#define EVENT_XML_BYTES_MAX  ((size_t)256 << 10) /* a record has 64 KiB of UTF-16 */
#define EVENT_XML_DEPTH_MAX  8
#define EVENT_XML_ATTRIBUTES 8

enum event_xml_piece {
    EVENT_XML_OPEN,  /* name and attributes; its end comes as EVENT_XML_CLOSE, also of <x/> */
    EVENT_XML_TEXT,  /* decoded; may come in no, one or several pieces */
    EVENT_XML_CLOSE,
    EVENT_XML_END,   /* the root has ended, and only blanks follow */
    EVENT_XML_BAD,   /* and so from then on; why: what was wrong */
};

struct event_xml_attribute {
    struct str name, value; /* value decoded */
};

struct event_xml {
    struct arena *a;
    struct str text;
    size_t at, depth;
    struct str open[EVENT_XML_DEPTH_MAX];
    bool closes; /* <x/> was given as opened, and is to be given as closed */
    bool begun, bad;
    /* of the last piece: */
    struct str name, value;
    struct event_xml_attribute attribute[EVENT_XML_ATTRIBUTES];
    size_t attribute_count;
    const char *why;
};

void event_xml_begin(struct event_xml *x, struct arena *a, struct str text);
enum event_xml_piece event_xml_next(struct event_xml *x);
struct str event_xml_attribute(const struct event_xml *x, const char *name); /* none when it is not there */

#endif
