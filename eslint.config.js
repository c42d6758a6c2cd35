import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  { ignores: ['coverage/', 'dist/', 'docs/api/'] },
  {
    files: ['**/*.{js,mjs,cjs,ts,mts,cts}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-warning-comments': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],

      // A leading underscore marks a parameter or variable that is there for its position only.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `() => queue.clear()` reads better than a block.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Numbers and booleans print as one expects; objects do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // What a user threw is passed on as it was thrown, whatever it is.
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: false, allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: false, allowThrowingUnknown: true },
      ],
      // `noUncheckedIndexedAccess` asks for `!` wherever an index was checked before.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Wrong about a field that a callback or an await in between has changed, and about values from outside.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // An async method may have nothing to await: its contract is the promise.
      '@typescript-eslint/require-await': 'off',
      // Type parameters used once are how overloads and callbacks say what they infer.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Overloads that differ in one parameter are documented one by one.
      '@typescript-eslint/unified-signatures': 'off',
      // A task may return nothing: `TaskHandle<void>` is meant.
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  {
    files: ['src/**'],
    rules: {
      // A library writes through the logger it was given.
      'no-console': 'error',
    },
  },
  {
    files: ['test/**'],
    rules: {
      // Tests throw, reject and return whatever a user might.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      // `expect(object.method)` never calls the method.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
)
