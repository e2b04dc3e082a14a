/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    text formatting for the log, procfs and panics.
 * Promises: never writes past `size`; returns the length the whole text would have had.
 * Refuses:  floating point, %n, wide characters; an unknown conversion is shown as it stands.
 * See:      snprintf(3)
 */
#include "lib/printf.h"

#include "lib/string.h"

struct sink {
    char *out;
    size_t size;   /* bytes of out, with room for the NUL */
    size_t length; /* of the whole text, also what did not fit */
};

struct conversion {
    bool left, zero, plus, space, alternate;
    bool has_precision;
    int width, precision;
    int length; /* -2 hh, -1 h, 0, 1 l, 2 ll or z */
};

static void put(struct sink *s, char c)
{
    if (s->length + 1 < s->size)
        s->out[s->length] = c;
    s->length++;
}

static void pad(struct sink *s, char c, int count)
{
    for (; count > 0; count--)
        put(s, c);
}

static void put_text(struct sink *s, const struct conversion *c, const char *text)
{
    if (!text)
        text = "(null)";
    size_t max = c->has_precision ? (size_t)c->precision : SIZE_MAX;
    size_t n = strnlen(text, max);
    int fill = c->width > (int)n ? c->width - (int)n : 0;
    if (!c->left)
        pad(s, ' ', fill);
    for (size_t i = 0; i < n; i++)
        put(s, text[i]);
    if (c->left)
        pad(s, ' ', fill);
}

/* Digits of v, lowest first; returns how many. */
static int make_digits(char *digits, u64 v, unsigned base, bool upper)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int n = 0;
    for (; v; v /= base)
        digits[n++] = alphabet[v % base];
    return n;
}

static const char *number_prefix(const struct conversion *c, u64 v, unsigned base, bool negative,
                                 bool is_signed, bool upper)
{
    if (negative)
        return "-";
    if (is_signed && c->plus)
        return "+";
    if (is_signed && c->space)
        return " ";
    if (c->alternate && base == 16 && v)
        return upper ? "0X" : "0x";
    return "";
}

static void put_number(struct sink *s, const struct conversion *c, u64 v, unsigned base,
                       const char *prefix, bool upper)
{
    char digits[24];
    int n = make_digits(digits, v, base, upper);
    int least = c->has_precision ? c->precision : 1;
    if (c->alternate && base == 8 && least <= n)
        least = n + 1;
    int prefix_length = (int)strlen(prefix);
    int shown = n > least ? n : least;
    int fill = c->width - shown - prefix_length;
    bool zero_fill = c->zero && !c->left && !c->has_precision;
    if (!c->left && !zero_fill)
        pad(s, ' ', fill);
    for (int i = 0; i < prefix_length; i++)
        put(s, prefix[i]);
    if (zero_fill)
        pad(s, '0', fill);
    pad(s, '0', least - n);
    while (n)
        put(s, digits[--n]);
    if (c->left)
        pad(s, ' ', fill);
}

static const char *parse_flags(const char *f, struct conversion *c)
{
    for (;; f++) {
        switch (*f) {
        case '-': c->left = true; break;
        case '0': c->zero = true; break;
        case '+': c->plus = true; break;
        case ' ': c->space = true; break;
        case '#': c->alternate = true; break;
        default: return f;
        }
    }
}

static const char *parse_count(const char *f, int *count)
{
    int v = 0;
    for (; *f >= '0' && *f <= '9'; f++) {
        if (v < 100000)
            v = v * 10 + (*f - '0');
    }
    *count = v;
    return f;
}

static const char *parse_length(const char *f, struct conversion *c)
{
    for (;; f++) {
        if (*f == 'h')
            c->length--;
        else if (*f == 'l')
            c->length++;
        else if (*f == 'z' || *f == 'j' || *f == 't')
            c->length = 2;
        else
            return f;
    }
}

static u64 narrow_unsigned(u64 v, int length)
{
    switch (length) {
    case -2: return (u8)v;
    case -1: return (u16)v;
    case 0: return (u32)v;
    default: return v;
    }
}

static s64 narrow_signed(s64 v, int length)
{
    switch (length) {
    case -2: return (s8)v;
    case -1: return (s16)v;
    case 0: return (s32)v;
    default: return v;
    }
}

/* The argument list is handed on by address, so that each conversion consumes its own. */
struct arguments {
    va_list list;
};

static void put_signed(struct sink *s, const struct conversion *c, struct arguments *a)
{
    s64 v = c->length > 0 ? va_arg(a->list, s64) : va_arg(a->list, int);
    v = narrow_signed(v, c->length);
    u64 magnitude = v < 0 ? 0 - (u64)v : (u64)v;
    put_number(s, c, magnitude, 10, number_prefix(c, magnitude, 10, v < 0, true, false), false);
}

static void put_unsigned(struct sink *s, const struct conversion *c, struct arguments *a, char kind)
{
    u64 v = c->length > 0 ? va_arg(a->list, u64) : va_arg(a->list, unsigned);
    unsigned base = kind == 'u' ? 10 : kind == 'o' ? 8 : 16;
    v = narrow_unsigned(v, c->length);
    put_number(s, c, v, base, number_prefix(c, v, base, false, false, kind == 'X'), kind == 'X');
}

static void put_conversion(struct sink *s, struct conversion *c, struct arguments *a, char kind)
{
    switch (kind) {
    case 'd':
    case 'i': put_signed(s, c, a); break;
    case 'u':
    case 'o':
    case 'x':
    case 'X': put_unsigned(s, c, a, kind); break;
    case 'p': put_number(s, c, (u64)va_arg(a->list, void *), 16, "0x", false); break;
    case 's': put_text(s, c, va_arg(a->list, const char *)); break;
    case 'c': {
        char text[2] = {(char)va_arg(a->list, int), 0};
        if (text[0] || c->width == 0)
            pad(s, ' ', c->left ? 0 : c->width - 1);
        put(s, text[0]);
        pad(s, ' ', c->left ? c->width - 1 : 0);
        break;
    }
    default:
        put(s, '%');
        if (kind != '%')
            put(s, kind);
    }
}

static const char *parse_conversion(const char *f, struct conversion *c, struct arguments *a)
{
    f = parse_flags(f, c);
    if (*f == '*') {
        c->width = va_arg(a->list, int);
        f++;
        if (c->width < 0) {
            c->left = true;
            c->width = -c->width;
        }
    } else {
        f = parse_count(f, &c->width);
    }
    if (*f == '.') {
        c->has_precision = true;
        if (f[1] == '*') {
            c->precision = va_arg(a->list, int);
            c->has_precision = c->precision >= 0;
            f += 2;
        } else {
            f = parse_count(f + 1, &c->precision);
        }
    }
    return parse_length(f, c);
}

int format_text_va(char *out, size_t size, const char *format, va_list args)
{
    struct sink s = {.out = out, .size = size};
    struct arguments a;
    va_copy(a.list, args);
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            put(&s, *f);
            continue;
        }
        struct conversion c = {0};
        f = parse_conversion(f + 1, &c, &a);
        if (!*f)
            break;
        put_conversion(&s, &c, &a, *f);
    }
    va_end(a.list);
    if (size)
        out[s.length < size ? s.length : size - 1] = 0;
    return (int)s.length;
}

int format_text(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = format_text_va(out, size, format, args);
    va_end(args);
    return n;
}
