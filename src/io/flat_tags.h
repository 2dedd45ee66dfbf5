/* SPDX-License-Identifier: MIT
 *
 * flat_tags.h -- what the bytes of a message are, for those who write and read them: packing and
 * unpacking.
 */
#ifndef TA_IO_FLAT_TAGS_H
#define TA_IO_FLAT_TAGS_H

/* What comes next.  A table is followed by two counts: of its items, from 1 on, and of the
 * pairs behind these. */
enum ta_tag {
  TA_TAG_NIL,
  TA_TAG_NO,
  TA_TAG_YES,
  TA_TAG_SMALL,
  TA_TAG_INTEGER,
  TA_TAG_FLOAT,
  TA_TAG_SHORT,
  TA_TAG_LONG,
  TA_TAG_TABLE,
  TA_TAG_SEEN,
  TA_TAG_CHANNEL,
  TA_TAG_FUNCTION,
  TA_TAG_NAMED,   /* the text of an error object, which comes next */
  TA_TAG_NEW_KEY, /* a place, and a string, which lies there from now on */
  TA_TAG_OLD_KEY  /* a place */
};

/* Records have the same keys again and again: the last ones are told by their place. */
#define TA_FLAT_KEYS 64

#endif
