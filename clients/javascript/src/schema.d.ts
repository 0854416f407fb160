// Written by generate.mjs from the OpenAPI document: `make client-types`.
export interface paths {
    "/api/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create an account and sign in. */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with e-mail and password.
         * @description A wrong password and an unknown e-mail are answered alike.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get new tokens for a refresh token.
         * @description Each refresh token can be used once. Presenting one again ends its session.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the session of a refresh token or, without one, that of the access token.
         * @description All tokens of the session are refused from now on. Without a token, with one that is refused
         *     anyway, or with one of an outside login, there is no session here to end.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the user whose token it is. */
        get: operations["getMe"];
        put?: never;
        post?: never;
        /** Delete the account with all its tasks, for good. */
        delete: operations["deleteMe"];
        options?: never;
        head?: never;
        /**
         * Change the user's name.
         * @description That of somebody with an outside login is what the login says.
         */
        patch: operations["patchMe"];
        trace?: never;
    };
    "/api/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the password. All other sessions end, in case somebody else knew it. */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the sign-ins that have not ended; `current` is that of the token. */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        /** End all sessions, that of the token too; with `others=true`, all but that one. */
        delete: operations["endSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Which session.
                 * @example 9f2c…
                 */
                session_id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one session: its tokens are refused from now on. */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        /** List the tokens for programs, with their last use. */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make a token with which a program comes in, as this user, within its scopes.
         * @description It is shown in this answer only. There may be 50.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which token.
                 * @example 7
                 */
                token_id: number;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a token, at once and everywhere. */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks/export": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        /** Get the tasks as a file, oldest first: all that are not deleted, or those asked for. */
        get: operations["exportTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks/import": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make tasks of a file: an export from here, or from another service.
         * @description The file is the body, of up to 5 MiB and 100,000 tasks. Tasks that are there already stay as
         *     they are, so a file can be sent again. What can't be read has a problem, with its line; at 1000
         *     of them the import stops.
         */
        post: operations["importTasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks/changes": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        /**
         * List what was created, changed, completed and deleted since a revision.
         * @description `since=0` is a copy of all tasks. `next` is where to go on, now or later. A deleted task has
         *     `deleted_at`. Where deletions since then are no longer known the answer is a 410: start over.
         */
        get: operations["listChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks/summary": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        /**
         * Count the tasks by status, priority, category and tag, and those that are due.
         * @description Deleted ones are left out. What was due at an earlier hour of today is due today, not overdue.
         *     Say which day it is: then the answer has the ETag of all of the user's tasks.
         */
        get: operations["getSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks/batch": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create, change, complete, delete and restore many tasks at once, in one transaction.
         * @description The operations run in their order, and the same task may occur in several. One that can't be
         *     done has its problem in `results`, and the others are done; with `atomic` nothing is done then,
         *     and the answer is the problem of the first one that failed, with its `index`. Each counts as a
         *     write for the rate limit.
         */
        post: operations["changeTasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        /**
         * List the tasks, newest first, or those that are asked for in the order that is asked for.
         * @description Where there are more than fit, the `Link` header leads to the next page. The ETag is that of
         *     all of the user's tasks: with `If-None-Match` a list that has not changed is a 304.
         */
        get: operations["listTasks"];
        put?: never;
        /**
         * Create a task.
         * @description One that is created as completed is not completed by that: with a `recurrence`, too, it is one
         *     task.
         */
        post: operations["createTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        /** Get a task. */
        get: operations["getTask"];
        /**
         * Change a task.
         * @description The fields sent are changed, the others stay as they are. Completing a task with a `recurrence`
         *     makes the next one, `next_task_id`.
         */
        put: operations["updateTask"];
        post?: never;
        /**
         * Delete a task.
         * @description It can be restored until it is purged; with `permanent=true` it can't, and nothing of its text
         *     is kept. A task that was deleted before can still be deleted for good.
         */
        delete: operations["deleteTask"];
        options?: never;
        head?: never;
        /** Change a task by a JSON Merge Patch (RFC 7396). */
        patch: operations["patchTask"];
        trace?: never;
    };
    "/api/{user_id}/tasks/{task_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring a deleted task back.
         * @description One that is not deleted is returned as it is, so that a retry is safe.
         */
        post: operations["restoreTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/tasks/{task_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Set or flip whether a task is completed.
         * @description With `{"completed": true}` or `false` it is set, so that a retry is safe. Without, it is
         *     flipped; flips that run at once are all counted. Completing a task with a `recurrence` makes the
         *     next one, `next_task_id`; setting it back takes that away again if nobody has touched it.
         */
        patch: operations["completeTask"];
        trace?: never;
    };
    "/api/{user_id}/feeds": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        /** List the calendar feeds, with their last use. */
        get: operations["listFeeds"];
        put?: never;
        /**
         * Make an address that a calendar can subscribe to, to show what is due.
         * @description It is shown in this answer only. There may be 50.
         */
        post: operations["createFeed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/feeds/{feed_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which feed.
                 * @example 7
                 */
                feed_id: number;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a feed, at once and everywhere. */
        delete: operations["revokeFeed"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/feeds/{secret}.ics": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The secret.
                 * @example 4Jx0…
                 */
                secret: string;
            };
            cookie?: never;
        };
        /**
         * Get the calendar: up to 1000 tasks, those that are due the latest, or the newest.
         * @description No token is needed: whoever has the address sees it.
         */
        get: operations["showFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        /**
         * Get all that is stored about the user.
         * @description Nothing but the hash of a password and the digests of tokens is left out.
         */
        get: operations["exportUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Erase the user with all tasks, for good. Who has an account here confirms it. */
        delete: operations["eraseUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether the process lives. */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether the process lives. */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell whether requests can be served: the database is reachable and migrated.
         * @description With an outside login its keys must be at hand, too. The database is looked at once in a second.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            /** @example about:blank */
            type: string;
            /** @example Not Found */
            title: string;
            /** @example 404 */
            status: number;
            /** @example Task 7 not found */
            detail: string;
            /**
             * @description The same as `detail`.
             * @example Task 7 not found
             */
            message: string;
            /** @example /api/alice/tasks/7 */
            instance: string;
            /** @example 5f1d7a84db3b4b1e */
            request_id: string;
            /** @description With 422: what is wrong, field by field. */
            errors?: {
                [key: string]: string[];
            };
            /** @description With 412: the task as it is now. */
            current?: {
                [key: string]: unknown;
            };
            /** @description Of a batch: which operation was refused, from 0. */
            index?: number;
        };
        Registration: {
            /**
             * @description Return the refresh token in an httpOnly cookie, not in the body.
             * @default false
             * @example false
             */
            cookie: boolean;
            /**
             * Format: email
             * @example alice@example.com
             */
            email: string;
            /**
             * Format: password
             * @example correct horse battery staple
             */
            password: string;
            /**
             * @default null
             * @example Alice
             */
            name: string | null;
        };
        User: {
            /** @example alice */
            id: string;
            /** @example alice@example.com */
            email: string | null;
            /** @example Alice */
            name: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
        };
        SignedIn: {
            /** @example eyJhbGciOi… */
            access_token: string;
            /**
             * @description The access token once more.
             * @example eyJhbGciOi…
             */
            readonly token: string;
            /** @example Bearer */
            token_type: string;
            /** @example 604800 */
            expires_in: number;
            /**
             * @description Left out when it is in the cookie.
             * @example refresh_4Jx0…
             */
            refresh_token?: string;
            user: components["schemas"]["User"];
        };
        Credentials: {
            /**
             * @description Return the refresh token in an httpOnly cookie, not in the body.
             * @default false
             * @example false
             */
            cookie: boolean;
            /** @example alice@example.com */
            email: string;
            /**
             * Format: password
             * @example correct horse battery staple
             */
            password: string;
        };
        RefreshToken: {
            /** @example refresh_4Jx0… */
            refresh_token?: string | null;
        };
        Tokens: {
            /** @example eyJhbGciOi… */
            access_token: string;
            /**
             * @description The access token once more.
             * @example eyJhbGciOi…
             */
            readonly token: string;
            /** @example Bearer */
            token_type: string;
            /** @example 604800 */
            expires_in: number;
            /**
             * @description Left out when it is in the cookie.
             * @example refresh_4Jx0…
             */
            refresh_token?: string;
        };
        Message: {
            /** @example Task deleted successfully */
            message: string;
        };
        Me: {
            /** @example alice */
            id: string;
            /** @example alice@example.com */
            email: string | null;
            /** @example Alice */
            name: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
            user: components["schemas"]["User"];
        };
        Name: {
            /** @example Alice */
            name?: string | null;
        };
        Password: {
            /**
             * Format: password
             * @example correct horse battery staple
             */
            password: string;
        };
        PasswordChange: {
            /**
             * Format: password
             * @example correct horse battery staple
             */
            password: string;
            /**
             * Format: password
             * @example correct horse battery staple
             */
            new_password: string;
        };
        SignIn: {
            id: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            /** @description Whether it is that of the token. */
            current: boolean;
        };
        ProgramToken: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
            /** @example Backup script */
            name: string;
            /**
             * @example [
             *       "tasks:read",
             *       "tasks:write"
             *     ]
             */
            scopes: ("tasks:read" | "tasks:write")[];
            /**
             * Format: date-time
             * @example 2027-01-31T09:30:00Z
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description To a minute; null: never.
             * @example 2026-02-01T09:30:00.000000Z
             */
            last_used_at: string | null;
        };
        NewProgramToken: {
            /**
             * @description What it is for.
             * @example Backup script
             */
            name: string;
            /**
             * @description What it may do: `tasks:read`, `tasks:write`, or both.
             * @example [
             *       "tasks:read",
             *       "tasks:write"
             *     ]
             */
            scopes: ("tasks:read" | "tasks:write")[];
            /**
             * Format: date-time
             * @description Until when it is accepted; without, until it is revoked.
             * @default null
             * @example 2027-01-31T09:30:00Z
             */
            expires_at: string | null;
        };
        MadeProgramToken: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
            /** @example Backup script */
            name: string;
            /**
             * @example [
             *       "tasks:read",
             *       "tasks:write"
             *     ]
             */
            scopes: ("tasks:read" | "tasks:write")[];
            /**
             * Format: date-time
             * @example 2027-01-31T09:30:00Z
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description To a minute; null: never.
             * @example 2026-02-01T09:30:00.000000Z
             */
            last_used_at: string | null;
            /**
             * @description Shown this once, and never again.
             * @example tk_4Jx0…
             */
            token: string;
        };
        ExportedTask: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
            /** @example alice */
            user_id: string;
            /** @example Buy milk */
            title: string;
            /** @example Two litres */
            description: string | null;
            /** @example false */
            completed: boolean;
            /** @example high */
            priority: string;
            /** @example 2026-02-01 */
            due_date: string | null;
            /**
             * @example [
             *       "home",
             *       "errands"
             *     ]
             */
            tags: string[];
            /** @example Shopping */
            category: string | null;
            /**
             * Format: date-time
             * @example null
             */
            completed_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            updated_at: string;
            /**
             * Format: int64
             * @description Grows with every write.
             * @example 7
             */
            revision: number;
            /**
             * Format: date-time
             * @example null
             */
            deleted_at: string | null;
            /** @example FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH */
            recurrence: string | null;
            /** @example due */
            recurrence_from: string | null;
            /** @example Europe/Berlin */
            time_zone: string | null;
            /**
             * @description The same for all tasks that came from one by its `recurrence`.
             * @example 1f0e4f9c-3d0b-4c83-9d2a-5a1f6a1f7c55
             */
            series_id: string | null;
            /**
             * @description Which of its series it is, from 1.
             * @example 1
             */
            occurrence: number | null;
            /**
             * Format: int64
             * @description The next of its series, once this one is completed.
             * @example 8
             */
            next_task_id: number | null;
            /** @example calendar:4711 */
            external_id: string | null;
            /** @description The local date or time from which its rule counts. */
            anchor: string | null;
            /** @description Which of the rule's dates it has. */
            position: number | null;
        };
        Trouble: {
            /**
             * @description Where it begins, from 1.
             * @example 7
             */
            line: number;
            /** @example due_date: Not a date that exists. */
            detail: string;
            /** @description What is wrong with which field, where that is the trouble. */
            errors: {
                [key: string]: string[];
            };
        };
        Import: {
            /** @example csv */
            format: string;
            /** @example false */
            dry_run: boolean;
            /** @example 120 */
            created: number;
            /**
             * @description Those that are there already, as they were.
             * @example 3
             */
            unchanged: number;
            /** @example 1 */
            failed: number;
            problems: components["schemas"]["Trouble"][];
            /**
             * @description What the file says about tasks and nothing was made of.
             * @example [
             *       "RESPONSIBLE"
             *     ]
             */
            ignored: string[];
        };
        Task: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
            /** @example alice */
            user_id: string;
            /** @example Buy milk */
            title: string;
            /** @example Two litres */
            description: string | null;
            /** @example false */
            completed: boolean;
            /** @example high */
            priority: string;
            /** @example 2026-02-01 */
            due_date: string | null;
            /**
             * @example [
             *       "home",
             *       "errands"
             *     ]
             */
            tags: string[];
            /** @example Shopping */
            category: string | null;
            /**
             * Format: date-time
             * @example null
             */
            completed_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            updated_at: string;
            /**
             * Format: int64
             * @description Grows with every write.
             * @example 7
             */
            revision: number;
            /**
             * Format: date-time
             * @example null
             */
            deleted_at: string | null;
            /** @example FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH */
            recurrence: string | null;
            /** @example due */
            recurrence_from: string | null;
            /** @example Europe/Berlin */
            time_zone: string | null;
            /**
             * @description The same for all tasks that came from one by its `recurrence`.
             * @example 1f0e4f9c-3d0b-4c83-9d2a-5a1f6a1f7c55
             */
            series_id: string | null;
            /**
             * @description Which of its series it is, from 1.
             * @example 1
             */
            occurrence: number | null;
            /**
             * Format: int64
             * @description The next of its series, once this one is completed.
             * @example 8
             */
            next_task_id: number | null;
            /** @example calendar:4711 */
            external_id: string | null;
        };
        Changes: {
            changes: components["schemas"]["Task"][];
            /**
             * Format: int64
             * @description Known after this page.
             * @example 7
             */
            revision: number;
            /**
             * @description Whether there are more now.
             * @example false
             */
            more: boolean;
            /**
             * @description Where to ask for what comes after this page.
             * @example /api/alice/tasks/changes?since=7
             */
            next: string;
        };
        StatusCounts: {
            /** @example 9 */
            pending: number;
            /** @example 3 */
            completed: number;
        };
        Count: {
            /** @example high */
            value: string;
            /** @example 3 */
            count: number;
            /**
             * @description How many are not completed.
             * @example 2
             */
            pending: number;
        };
        Summary: {
            /**
             * Format: date
             * @example 2026-02-01
             */
            today: string;
            /** @example Europe/Berlin */
            time_zone: string;
            /** @example 12 */
            total: number;
            status: components["schemas"]["StatusCounts"];
            /**
             * @description Not completed, and due before today.
             * @example 1
             */
            overdue: number;
            /**
             * @description Not completed, and due today.
             * @example 2
             */
            due_today: number;
            priority: components["schemas"]["Count"][];
            category: components["schemas"]["Count"][];
            tags: components["schemas"]["Count"][];
        };
        Operation: {
            /**
             * @example create
             * @enum {string}
             */
            op: "create" | "update" | "complete" | "delete" | "restore";
            /**
             * @description Which task: its id, or the `temp_id` of an operation before this one.
             * @example 7
             */
            id?: number | string;
            /**
             * @description Of a `create`: how operations after it call the task.
             * @example a
             */
            temp_id?: string;
            /**
             * @description Do it only if the task has this revision.
             * @example 7
             */
            if_revision?: number | null;
            /**
             * @description The fields of the task, as in a single request. `complete` without `completed` sets that to true.
             * @example {
             *       "title": "Buy milk"
             *     }
             */
            fields?: {
                [key: string]: unknown;
            };
            /**
             * @description Of a `delete`: for good.
             * @default false
             * @example false
             */
            permanent: boolean;
        };
        Batch: {
            /** @description At most 500. */
            operations: components["schemas"]["Operation"][];
            /**
             * @description Do all of them or none of them.
             * @default false
             * @example false
             */
            atomic: boolean;
        };
        Result: {
            /** @example 201 */
            status: number;
            task?: components["schemas"]["Task"];
            problem?: components["schemas"]["Problem"];
        };
        BatchResult: {
            results: components["schemas"]["Result"][];
            /**
             * @description The ids of new tasks, by `temp_id`.
             * @example {
             *       "a": 8
             *     }
             */
            temp_ids: {
                [key: string]: number | string;
            };
        };
        NewTask: {
            /**
             * @description Is trimmed.
             * @example Buy milk
             */
            title: string;
            /** @example Two litres */
            description?: string | null;
            /** @example false */
            completed?: boolean;
            /**
             * @description `low`, `medium` or `high`; also `none`, `urgent`, or any other word of at most 20 letters, which sorts as `medium`. In small letters afterwards.
             * @example high
             */
            priority?: string | null;
            /**
             * @description A date, a local date and time (`2026-02-01T09:00`), or an instant (RFC 3339); it comes back as it was sent.
             * @example 2026-02-01
             */
            due_date?: string | null;
            /**
             * @description At most 20, of 1 to 50 characters each; or one text with commas.
             * @example [
             *       "home",
             *       "errands"
             *     ]
             */
            tags?: string[] | null;
            /** @example Shopping */
            category?: string | null;
            /**
             * @description `daily`, `weekly`, `monthly`, `yearly`, or a rule of RFC 5545: completing the task makes the next one. It comes back as it was sent.
             * @example FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH
             */
            recurrence?: string | null;
            /**
             * @description From when the next one counts: `due` (where there is a `recurrence`, the default) or `completion`.
             * @example completion
             * @enum {string|null}
             */
            recurrence_from?: "due" | "completion" | null;
            /**
             * @description The IANA's name of the zone that dates and local times are in; UTC where there is none.
             * @example Europe/Berlin
             */
            time_zone?: string | null;
            /**
             * @description What another program calls it. No two tasks of a user have the same, those in the trash among them: the second is a 409.
             * @example null
             */
            external_id?: string | null;
        };
        TaskChange: {
            /**
             * @description Is trimmed.
             * @example Buy milk
             */
            title?: string;
            /** @example Two litres */
            description?: string | null;
            /** @example false */
            completed?: boolean;
            /**
             * @description `low`, `medium` or `high`; also `none`, `urgent`, or any other word of at most 20 letters, which sorts as `medium`. In small letters afterwards.
             * @example high
             */
            priority?: string | null;
            /**
             * @description A date, a local date and time (`2026-02-01T09:00`), or an instant (RFC 3339); it comes back as it was sent.
             * @example 2026-02-01
             */
            due_date?: string | null;
            /**
             * @description At most 20, of 1 to 50 characters each; or one text with commas.
             * @example [
             *       "home",
             *       "errands"
             *     ]
             */
            tags?: string[] | null;
            /** @example Shopping */
            category?: string | null;
            /**
             * @description `daily`, `weekly`, `monthly`, `yearly`, or a rule of RFC 5545: completing the task makes the next one. It comes back as it was sent.
             * @example FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH
             */
            recurrence?: string | null;
            /**
             * @description From when the next one counts: `due` (where there is a `recurrence`, the default) or `completion`.
             * @example completion
             * @enum {string|null}
             */
            recurrence_from?: "due" | "completion" | null;
            /**
             * @description The IANA's name of the zone that dates and local times are in; UTC where there is none.
             * @example Europe/Berlin
             */
            time_zone?: string | null;
            /**
             * @description What another program calls it. No two tasks of a user have the same, those in the trash among them: the second is a 409.
             * @example null
             */
            external_id?: string | null;
        };
        Completion: {
            /** @example true */
            completed?: boolean;
        };
        Feed: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
            /** @example Calendar */
            name: string;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description To a minute; null: never.
             * @example 2026-02-01T09:30:00.000000Z
             */
            last_used_at: string | null;
        };
        NewFeed: {
            /**
             * @description Where it is shown, for example.
             * @default Calendar
             * @example Calendar
             */
            name: string;
        };
        MadeFeed: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
            /** @example Calendar */
            name: string;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description To a minute; null: never.
             * @example 2026-02-01T09:30:00.000000Z
             */
            last_used_at: string | null;
            /**
             * @description Shown this once, and never again: whoever has it sees the tasks.
             * @example https://tasks.example.com/feeds/4Jx0….ics
             */
            url: string;
        };
        Account: {
            /** @example alice@example.com */
            email: string;
            /**
             * Format: date-time
             * @example 2026-01-31T09:30:00.000000Z
             */
            created_at: string;
        };
        Session: {
            id: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
        };
        IdempotencyKey: {
            key: string;
            /** Format: date-time */
            created_at: string;
            /** @example 201 */
            status: number | null;
            /** @description Empty once its task was deleted for good. */
            body: string | null;
        };
        Export: {
            user: components["schemas"]["User"] | null;
            account: components["schemas"]["Account"] | null;
            sessions: components["schemas"]["Session"][];
            program_tokens: components["schemas"]["ProgramToken"][];
            tasks: components["schemas"]["Task"][];
            feeds: components["schemas"]["Feed"][];
            idempotency_keys: components["schemas"]["IdempotencyKey"][];
        };
        Confirmation: {
            /**
             * Format: password
             * @example correct horse battery staple
             */
            password?: string;
        };
        Health: {
            /** @example healthy */
            status: string;
        };
    };
    responses: {
        /** @description The request can't be read, its JSON is broken for example. */
        BAD_REQUEST: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Bad Request",
                 *       "status": 400,
                 *       "detail": "The request can't be read, its JSON is broken for example.",
                 *       "message": "The request can't be read, its JSON is broken for example.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The token is missing, has expired or is not valid. */
        UNAUTHORIZED: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unauthorized",
                 *       "status": 401,
                 *       "detail": "The token has expired.",
                 *       "message": "The token has expired.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body did not arrive in time. */
        REQUEST_TIMEOUT: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Request Timeout",
                 *       "status": 408,
                 *       "detail": "The body did not arrive in time.",
                 *       "message": "The body did not arrive in time.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Something that exists stands in the way. */
        CONFLICT: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "detail": "Something that exists stands in the way.",
                 *       "message": "Something that exists stands in the way.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large. */
        REQUEST_ENTITY_TOO_LARGE: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Request Entity Too Large",
                 *       "status": 413,
                 *       "detail": "The body is too large.",
                 *       "message": "The body is too large.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not JSON. */
        UNSUPPORTED_MEDIA_TYPE: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unsupported Media Type",
                 *       "status": 415,
                 *       "detail": "The body is not JSON.",
                 *       "message": "The body is not JSON.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A field makes no sense; `errors` says which and why. */
        UNPROCESSABLE_ENTITY: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unprocessable Entity",
                 *       "status": 422,
                 *       "detail": "title: Missing data for required field.",
                 *       "message": "title: Missing data for required field.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e",
                 *       "errors": {
                 *         "title": [
                 *           "Missing data for required field."
                 *         ]
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too often in too short a time. Try again after `Retry-After` seconds. */
        TOO_MANY_REQUESTS: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Too Many Requests",
                 *       "status": 429,
                 *       "detail": "Too often in too short a time. Try again after `Retry-After` seconds.",
                 *       "message": "Too often in too short a time. Try again after `Retry-After` seconds.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description An error of the service. */
        INTERNAL_SERVER_ERROR: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Internal Server Error",
                 *       "status": 500,
                 *       "detail": "An error of the service.",
                 *       "message": "An error of the service.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The service can't answer right now. Try again after `Retry-After` seconds. */
        SERVICE_UNAVAILABLE: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Service Unavailable",
                 *       "status": 503,
                 *       "detail": "The service can't answer right now. Try again after `Retry-After` seconds.",
                 *       "message": "The service can't answer right now. Try again after `Retry-After` seconds.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The path belongs to another user, or the token for a program lacks the scope. */
        FORBIDDEN: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Forbidden",
                 *       "status": 403,
                 *       "detail": "Access denied: the user id in the path, 'alice', is not the token's.",
                 *       "message": "Access denied: the user id in the path, 'alice', is not the token's.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such thing among what the user owns. */
        NOT_FOUND: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Not Found",
                 *       "status": 404,
                 *       "detail": "Task 7 not found",
                 *       "message": "Task 7 not found",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The changes since then are no longer known. */
        GONE: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Gone",
                 *       "status": 410,
                 *       "detail": "The changes since then are no longer known.",
                 *       "message": "The changes since then are no longer known.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The copy at hand is current. */
        NOT_MODIFIED: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The task is not what `If-Match` says; `current` is what it is now. */
        PRECONDITION_FAILED: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Precondition Failed",
                 *       "status": 412,
                 *       "detail": "The task has changed in the meantime; `current` is what it is now.",
                 *       "message": "The task has changed in the meantime; `current` is what it is now.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description This address does not answer that method. */
        METHOD_NOT_ALLOWED: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Method Not Allowed",
                 *       "status": 405,
                 *       "detail": "This address does not answer that method.",
                 *       "message": "This address does not answer that method.",
                 *       "instance": "/api/alice/tasks/7",
                 *       "request_id": "5f1d7a84db3b4b1e"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The id of the request in the log: the one that was sent in this header if it is sane, else a new one. */
        "X-Request-ID": string;
        /** @description How to prove who one is (RFC 6750): `Bearer`, with `error="invalid_token"` where a token was sent. */
        "WWW-Authenticate": string;
        /** @description Seconds after which it is worth trying again. */
        "Retry-After": number;
        /** @description Which limit is used up, with what remains (`r`) and in how many seconds it begins anew (`t`): draft-ietf-httpapi-ratelimit-headers. */
        RateLimit: string;
        /** @description That limit: so many requests (`q`) in so many seconds (`w`). */
        "RateLimit-Policy": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
                "application/x-www-form-urlencoded": components["schemas"]["Registration"];
                "multipart/form-data": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description The account; its first session has begun. */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["CONFLICT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
                "application/x-www-form-urlencoded": components["schemas"]["Credentials"];
                "multipart/form-data": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description A new session. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: {
                /** @description Needed where the refresh token is in the cookie; any value will do. */
                "X-CSRF-Protection"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RefreshToken"];
            };
        };
        responses: {
            /** @description New tokens. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Needed where the refresh token is in the cookie; any value will do. */
                "X-CSRF-Protection"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["RefreshToken"];
            };
        };
        responses: {
            /** @description The session has ended. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    deleteMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Password"];
            };
        };
        responses: {
            /** @description The account and all its tasks are gone. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    patchMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Name"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description The new password holds; other sessions ended. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions, oldest first. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignIn"][];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    endSessions: {
        parameters: {
            query?: {
                /** @description Keep the session of the token. */
                others?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions have ended. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Which session.
                 * @example 9f2c…
                 */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens, oldest first. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProgramToken"][];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProgramToken"];
            };
        };
        responses: {
            /** @description The new token. */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeProgramToken"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["CONFLICT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which token.
                 * @example 7
                 */
                token_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token is refused from now on. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    exportTasks: {
        parameters: {
            query?: {
                /** @description Which tasks to return. */
                status?: "all" | "pending" | "incomplete" | "active" | "completed" | "done" | "deleted";
                /** @description Whether they are completed. */
                completed?: boolean;
                /** @description Of one of these priorities, with commas between them. */
                priority?: unknown;
                /** @description Of this category, whatever its case and accents. */
                category?: string;
                /** @description With all of these tags, with commas between them. Also `tag`. */
                tags?: unknown;
                /** @description Due then or later. */
                due_after?: string;
                /** @description Due before then. */
                due_before?: string;
                /** @description `none`: without a due date. */
                due?: "none";
                /** @description Whether they are due and not completed. The answer has no ETag. */
                overdue?: boolean;
                /** @description Words that all occur in title, description, category or tags, whatever their case and accents. Also `q`. */
                search?: string;
                /** @description The format of the file. */
                format?: "json" | "csv" | "ics";
            };
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tasks. */
            200: {
                headers: {
                    /** @description Proposes a file name. */
                    "Content-Disposition"?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportedTask"][];
                    "text/csv": string;
                    "text/calendar": string;
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    importTasks: {
        parameters: {
            query?: {
                /** @description The format of the file; it is found by content otherwise. */
                format?: "json" | "csv" | "ics" | "todoist" | "ticktick";
                /** @description Only say what would happen. */
                dry_run?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string;
                "text/csv": string;
                "text/calendar": string;
            };
        };
        responses: {
            /** @description What became of the file. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    listChanges: {
        parameters: {
            query: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The revision that is known already; 0: none. */
                since: number;
                /** @description Taken from `next`, not made up. */
                copying?: number;
                /** @description Seconds to wait for a change if there is none. */
                wait?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The changes. */
            200: {
                headers: {
                    /** @description Seconds to wait before asking again, where too many are waiting already. */
                    "Retry-After"?: number;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changes"];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            410: components["responses"]["GONE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    getSummary: {
        parameters: {
            query?: {
                /** @description The IANA's name of the zone in which it is today; UTC where there is none. */
                time_zone?: string | null;
                /** @description Which day it is there. Without, it is by the clock of the service, and the answer has no ETag. */
                today?: string;
            };
            header?: {
                /** @description The ETag of the copy at hand, with its quotes; 304 if it is current. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts. */
            200: {
                headers: {
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"];
                };
            };
            304: components["responses"]["NOT_MODIFIED"];
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    changeTasks: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: with the same key it gets the first answer. A new random text for each change, such as a UUID. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            /** @description What became of each operation. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchResult"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            410: components["responses"]["GONE"];
            412: components["responses"]["PRECONDITION_FAILED"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                /** @description Which tasks to return. */
                status?: "all" | "pending" | "incomplete" | "active" | "completed" | "done" | "deleted";
                /** @description Whether they are completed. */
                completed?: boolean;
                /** @description Of one of these priorities, with commas between them. */
                priority?: unknown;
                /** @description Of this category, whatever its case and accents. */
                category?: string;
                /** @description With all of these tags, with commas between them. Also `tag`. */
                tags?: unknown;
                /** @description Due then or later. */
                due_after?: string;
                /** @description Due before then. */
                due_before?: string;
                /** @description `none`: without a due date. */
                due?: "none";
                /** @description Whether they are due and not completed. The answer has no ETag. */
                overdue?: boolean;
                /** @description Words that all occur in title, description, category or tags, whatever their case and accents. Also `q`. */
                search?: string;
                /** @description How many to return at most. */
                limit?: number;
                /** @description What to order by; with a `-` before it the other way round. Newest first where nothing is said. Also `sort`. */
                sort_by?: "created_at" | "updated_at" | "due_date" | "priority" | "title" | "completed" | "-created_at" | "-updated_at" | "-due_date" | "-priority" | "-title" | "-completed";
                /** @description Which way to order. Also `order`. */
                sort_order?: "asc" | "desc";
                /** @description The fields to return, with commas between them; else all. */
                fields?: unknown;
                /** @description How many to leave out before the first. Also `skip`. */
                offset?: number;
                /** @description The number of the page, from 1, each of `limit` tasks. */
                page?: number;
                /** @description Where to go on: taken from the `Link` header, not made up. */
                cursor?: string;
                /** @description Whether to count all, in `X-Total-Count`. */
                count?: boolean;
            };
            header?: {
                /** @description The ETag of the copy at hand, with its quotes; 304 if it is current. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tasks. */
            200: {
                headers: {
                    /** @description The pages around this one: `next`, `prev` and `first`. */
                    Link?: string;
                    /** @description With `count=true`: how many there are on all pages. */
                    "X-Total-Count"?: number;
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"][];
                };
            };
            304: components["responses"]["NOT_MODIFIED"];
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    createTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: with the same key it gets the first answer. A new random text for each change, such as a UUID. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTask"];
            };
        };
        responses: {
            /** @description The new task. */
            201: {
                headers: {
                    /** @description The new task. */
                    Location?: string;
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["CONFLICT"];
            410: components["responses"]["GONE"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    getTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the copy at hand, with its quotes; 304 if it is current. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task. */
            200: {
                headers: {
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            304: components["responses"]["NOT_MODIFIED"];
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    updateTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the copy that this change is based on, with its quotes; 412 if it is not current. */
                "If-Match"?: string;
                /** @description Makes a retry safe: with the same key it gets the first answer. A new random text for each change, such as a UUID. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskChange"];
            };
        };
        responses: {
            /** @description The task as it is now. */
            200: {
                headers: {
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["CONFLICT"];
            410: components["responses"]["GONE"];
            412: components["responses"]["PRECONDITION_FAILED"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    deleteTask: {
        parameters: {
            query?: {
                /** @description Delete for good, without a way back. */
                permanent?: boolean;
            };
            header?: {
                /** @description The ETag of the copy that this change is based on, with its quotes; 412 if it is not current. */
                "If-Match"?: string;
                /** @description Makes a retry safe: with the same key it gets the first answer. A new random text for each change, such as a UUID. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task is deleted. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            410: components["responses"]["GONE"];
            412: components["responses"]["PRECONDITION_FAILED"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    patchTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the copy that this change is based on, with its quotes; 412 if it is not current. */
                "If-Match"?: string;
                /** @description Makes a retry safe: with the same key it gets the first answer. A new random text for each change, such as a UUID. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["TaskChange"];
                "application/json": components["schemas"]["TaskChange"];
            };
        };
        responses: {
            /** @description The task as it is now. */
            200: {
                headers: {
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["CONFLICT"];
            410: components["responses"]["GONE"];
            412: components["responses"]["PRECONDITION_FAILED"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    restoreTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the copy that this change is based on, with its quotes; 412 if it is not current. */
                "If-Match"?: string;
                /** @description Makes a retry safe: with the same key it gets the first answer. A new random text for each change, such as a UUID. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task as it is now. */
            200: {
                headers: {
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            410: components["responses"]["GONE"];
            412: components["responses"]["PRECONDITION_FAILED"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    completeTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the copy that this change is based on, with its quotes; 412 if it is not current. */
                "If-Match"?: string;
                /** @description Makes a retry safe: with the same key it gets the first answer. A new random text for each change, such as a UUID. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which task.
                 * @example 1
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Completion"];
            };
        };
        responses: {
            /** @description The task as it is now. */
            200: {
                headers: {
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            405: components["responses"]["METHOD_NOT_ALLOWED"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            410: components["responses"]["GONE"];
            412: components["responses"]["PRECONDITION_FAILED"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    listFeeds: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The feeds, oldest first. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Feed"][];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    createFeed: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewFeed"];
            };
        };
        responses: {
            /** @description The new feed. */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeFeed"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["CONFLICT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    revokeFeed: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
                /**
                 * @description Which feed.
                 * @example 7
                 */
                feed_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Nothing is at its address any more. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    showFeed: {
        parameters: {
            query?: {
                /** @description `events`, which every calendar shows: what has a due date; or `todos`, all tasks, for programs that know those. */
                as?: "events" | "todos";
            };
            header?: {
                /** @description The ETag of the copy at hand, with its quotes; 304 if it is current. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The secret.
                 * @example 4Jx0…
                 */
                secret: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The calendar. */
            200: {
                headers: {
                    /** @description For `If-Match` and `If-None-Match`. */
                    ETag?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "text/calendar": string;
                };
            };
            304: components["responses"]["NOT_MODIFIED"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    exportUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All that is stored. */
            200: {
                headers: {
                    /** @description Proposes a file name. */
                    "Content-Disposition"?: string;
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    eraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Whose tasks: the user id in the token, URL-encoded once.
                 * @example alice
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Confirmation"];
            };
        };
        responses: {
            /** @description Nothing is stored about the user any more. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            401: components["responses"]["UNAUTHORIZED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["REQUEST_ENTITY_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            422: components["responses"]["UNPROCESSABLE_ENTITY"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            500: components["responses"]["INTERNAL_SERVER_ERROR"];
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process lives. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process lives. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Requests can be served. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            503: components["responses"]["SERVICE_UNAVAILABLE"];
        };
    };
}
