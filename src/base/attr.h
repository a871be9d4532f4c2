/* attr.h - what both compilers know beyond C17, under short names. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST_USE       __attribute__((warn_unused_result))
#define AUTO(fn)       __attribute__((cleanup(fn)))
#define FORMAT(fmt, a) __attribute__((format(printf, fmt, a)))
#define NORETURN       __attribute__((noreturn))
#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))

#endif
