#include "smb/kdc.h"

#include <krb5.h>
#include <profile.h>
#include <string.h>

#include "base/mem.h"

/* Yours to free; NULL: none is known. */
static char *
realm_of(krb5_context context, const char *principal)
{
	const char *at = principal ? strrchr(principal, '@') : NULL;
	char *standard, *realm;

	if (at)
		return mem_dup(at + 1);
	if (krb5_get_default_realm(context, &standard))
		return NULL;
	realm = mem_dup(standard);
	krb5_free_default_realm(context, standard);
	return realm;
}

static void
add_places(struct str *out, krb5_context context, const char *realm)
{
	const char *const names[] = {"realms", realm, "kdc", NULL};
	profile_t profile;
	char **kdcs = NULL;
	int asks_dns = 1;

	if (krb5_get_profile(context, &profile))
		return;
	if (profile_get_values(profile, names, &kdcs) == 0 && kdcs) {
		for (size_t i = 0; kdcs[i]; i++)
			str_addf(out, " %s", kdcs[i]);
		str_add(out, " (krb5.conf)");
		profile_free_list(kdcs);
	} else {
		(void)profile_get_boolean(profile, "libdefaults", "dns_lookup_kdc",
					  NULL, 1, &asks_dns);
		if (asks_dns)
			str_addf(out, " whatever DNS has for _kerberos._udp.%s", realm);
		else
			str_add(out, " nobody, for krb5.conf has none for it and says "
				     "dns_lookup_kdc = false");
	}
	profile_release(profile);
}

void
kdc_add(struct str *out, const char *principal)
{
	krb5_context context;
	char *realm;

	if (krb5_init_context(&context))
		return;
	realm = realm_of(context, principal);
	str_addf(out, "realm %s:", realm ? realm : "(unknown)");
	if (realm)
		add_places(out, context, realm);
	mem_free(realm);
	krb5_free_context(context);
}
