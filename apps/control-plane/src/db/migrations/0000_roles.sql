-- Roles are of the whole server, not of one database: they may be there already, made by the provisioner with a password.
-- A migrator without CREATEROLE on a server without the roles fails here, before any table exists.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'centralita_app') THEN
    CREATE ROLE centralita_app NOLOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'centralita_admin') THEN
    CREATE ROLE centralita_admin NOLOGIN NOBYPASSRLS;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname IN ('centralita_app', 'centralita_admin') AND (rolsuper OR rolbypassrls)) THEN
    RAISE EXCEPTION 'centralita_app or centralita_admin is a superuser or bypasses row-level security'
      USING HINT = 'ALTER ROLE ... NOSUPERUSER NOBYPASSRLS';
  END IF;
  -- INHERIT FALSE: the application has the admin's policies only after SET ROLE, never by accident.
  IF NOT EXISTS (
    SELECT FROM pg_auth_members
    WHERE roleid = 'centralita_admin'::regrole AND member = 'centralita_app'::regrole AND set_option AND NOT inherit_option
  ) THEN
    GRANT centralita_admin TO centralita_app WITH INHERIT FALSE, SET TRUE;
  END IF;
END
$$;
